/** The parts of the real kernel's side that work without /dev/uinput. Runs as root. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EFD_CLOEXEC, EFD_NONBLOCK, libc } from "../../ffi/libc.ts";
import { createInputDevices } from "../../src/input/devices.ts";
import { KernelInput, type UinputFile } from "../../src/input/input_system.ts";
import { probeInput } from "../../src/input/probe.ts";
import { Capability } from "../../src/protocol/library.ts";

async function asNobody(...command: string[]): Promise<boolean> {
  const { success } = await new Deno.Command("setpriv", {
    args: ["--reuid=65534", "--regid=65534", "--clear-groups", "--", ...command],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

const isMounted = async (path: string) =>
  (await Deno.readTextFile("/proc/self/mountinfo")).includes(` ${path} `);

/** Device files in a directory on a file system with these mount options. */
async function deviceFileOn(options: string): Promise<{ opened: boolean; mounted: boolean }> {
  const parent = await Deno.makeTempDir({ prefix: "gamelan-input-" });
  const mount = await new Deno.Command("mount", {
    args: ["-t", "tmpfs", "-o", `mode=0755,${options}`, "test", parent],
  }).output();
  assert.ok(mount.success, new TextDecoder().decode(mount.stderr));
  try {
    const system = new KernelInput();
    const directory = join(parent, "input");
    await system.makeDirectory(directory);
    const mounted = await isMounted(directory);
    const node = join(directory, "event0");
    // Memory device 1:5 is /dev/zero.
    system.makeNode(node, { name: "event0", major: 1, minor: 5 });
    const { mode, rdev } = Deno.statSync(node);
    assert.deepEqual([mode! & 0o777, rdev], [0o666, 0x105]);
    const opened = await asNobody("head", "-c1", node);
    system.removeNode(node);
    await system.removeDirectory(directory);
    assert.equal(await isMounted(directory), false);
    assert.deepEqual([...Deno.readDirSync(parent)], []);
    return { opened, mounted };
  } finally {
    await new Deno.Command("umount", { args: [parent] }).output();
    await Deno.remove(parent);
  }
}

Deno.test("a device file can be opened by the game's uid, and is gone afterwards", async () => {
  assert.deepEqual(await deviceFileOn("dev"), { opened: true, mounted: false });
});

Deno.test("where the run directory forbids devices a file system of its own is mounted", async () => {
  assert.deepEqual(await deviceFileOn("nodev"), { opened: true, mounted: true });
});

Deno.test("files are watched until they no longer are, and nothing is left running", async () => {
  const system = new KernelInput();
  const files = [0, 1].map(() => ({ fd: libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) }));
  const counter = new Uint8Array(8);
  const events: number[] = [];
  let wake = () => {};
  const unwatch = files.map(({ fd }, i) =>
    system.watch({ fd } as unknown as UinputFile, () => {
      libc.read(fd, counter, 8n);
      events.push(i);
      wake();
    })
  );
  const signal = async (i: number) => {
    const woken = new Promise<void>((resolve) => wake = resolve);
    libc.write(files[i].fd, new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]), 8n);
    await woken;
  };
  await signal(0);
  await signal(1);
  unwatch[1]();
  await signal(0);
  assert.deepEqual(events, [0, 1, 0]);
  unwatch[0]();
  unwatch[0]();
  // Watching again after the thread has nothing left must work as well.
  const again = system.watch({ fd: files[1].fd } as unknown as UinputFile, () => {
    libc.read(files[1].fd, counter, 8n);
    events.push(9);
    wake();
  });
  await signal(1);
  again();
  assert.deepEqual(events, [0, 1, 0, 9]);
  for (const { fd } of files) libc.close(fd);
});

Deno.test("this machine's devices and the probe agree", async () => {
  const runDir = await Deno.makeTempDir({ prefix: "gamelan-input-" });
  const devices = await createInputDevices({ runDir, sessionId: "probe" });
  const [capability] = await probeInput();
  Capability.parse(capability);
  assert.equal(capability.status === "ok", devices.available);
  if (!devices.available) {
    assert.match(devices.reason!, /^Gamepads cannot be used on this machine: .+\.$/);
    assert.ok(capability.fix);
  }
  await devices.close();
  assert.deepEqual([...Deno.readDirSync(runDir)], []);
  await Deno.remove(runDir);
});
