/**
 * A box that has started for the first time and come to rest, kept with its memory: tests that begin with
 * such a box go on from there, which saves each two minutes of an interpreted processor. What a first
 * start does is tested where it is a first start (box_test.ts, fleet_test.ts and others).
 */
import { basename, join } from "node:path";
import { run } from "../../image/run.ts";
import { emulatorTree } from "../../image/tools_tree.ts";
import { Machine, type MachineOptions, makeDisk, makeKey } from "./machine.ts";
import { artifacts } from "./tested_image.ts";
import { eventually } from "./wait.ts";

const MINUTES = 60_000;
const kept = join(artifacts, "../image-started");

/** What a machine's options say of it. */
export type StartedBox = Required<
  Pick<
    MachineOptions,
    "image" | "key" | "uuid" | "disk" | "variables" | "memory" | "processors"
  >
>;

/**
 * A copy of it in `folder`, for one machine. The first test that asks for one of this
 * image starts it; others wait for that.
 *
 * @throws where it does not come to rest
 */
export async function startedBox(image: string, folder: string): Promise<StartedBox> {
  const box = await keptBox(image);
  const disk = join(folder, "disk.qcow2");
  await run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", box.disk, "-F", "qcow2", disk]);
  const variables = join(folder, "variables.fd");
  await Deno.copyFile(box.variables, variables);
  return { ...box, disk, variables };
}

async function keptBox(image: string): Promise<StartedBox> {
  await Deno.mkdir(kept, { recursive: true });
  using lock = await Deno.open(join(kept, "lock"), { create: true, write: true });
  await lock.lock(true);
  const folder = join(kept, await nameFor(image));
  const box = {
    image,
    key: join(folder, "key"),
    disk: join(folder, "disk.qcow2"),
    variables: join(folder, "variables.fd"),
    memory: join(folder, "memory"),
    processors: 1,
  };
  const uuidFile = join(folder, "uuid");
  // Written last.
  const uuid = await Deno.readTextFile(uuidFile).catch(() => undefined);
  if (uuid !== undefined) return { ...box, uuid };
  for await (const { name, isDirectory } of Deno.readDir(kept)) {
    if (isDirectory) await Deno.remove(join(kept, name), { recursive: true });
  }
  await Deno.mkdir(folder);
  await makeKey(folder);
  await makeDisk(image, box.disk);
  const made = { ...box, uuid: crypto.randomUUID() };
  await start(made);
  await Deno.writeTextFile(uuidFile, made.uuid);
  return made;
}

/** Other for another image, another emulator, whose memory it would not be, and another start. */
async function nameFor(image: string): Promise<string> {
  const { size, mtime } = await Deno.stat(image);
  const code = ["machine.ts", "started_box.ts"].map((name) =>
    Deno.readTextFileSync(new URL(name, import.meta.url))
  );
  const what = [image, size, mtime?.getTime(), emulatorTree(""), ...code].join("\n");
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(what));
  return `${basename(image, ".raw")}-${new Uint8Array(hash).toHex().slice(0, 12)}`;
}

async function start(box: StartedBox): Promise<void> {
  const { memory, ...hardware } = box;
  await using machine = await Machine.start(
    { ...hardware, name: "started", reboots: true, watchdog: true, patient: true },
    artifacts,
  );
  await machine.ready();
  await machine.sshReady();
  await comeToRest(machine);
  await machine.output("sync");
  await machine.keep(memory);
}

/** Waits until a box that has started is done with all that a start brings. */
export async function comeToRest(machine: Machine): Promise<void> {
  await eventually("the box to come to rest", async () => {
    const { stdout } = await machine.ssh(`
      [ "$(systemctl is-system-running)" = running ] || exit
      journalctl -b -u gamelan.service -o cat | grep -q '"a session is prepared"' || exit
      # After that it looks at what the machine can do.
      sleep 3
      pgrep -f 'main.js [d]octor' >/dev/null || echo rests
    `);
    return stdout === "rests\n";
  }, { withinMs: 10 * MINUTES, everyMs: 5000 });
}
