/** A box with a system extension, built and added as its owner does it. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Machine } from "./machine.ts";
import { runningSystem } from "./running_system.ts";
import { eventually } from "./wait.ts";

const MINUTES = 60_000;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Builds the extension that `definition` describes for the image `disk`; its files go to `output`. */
export async function buildExtension(
  definition: string,
  disk: string,
  { output, key }: { output: string; key: string },
): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["task", "--quiet", "image:nvidia", "--definition", definition, "--image", disk],
      ...["--output", output, "--update-key", key, "--alone"],
    ],
    cwd: root,
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(code, 0, text(stderr));
  console.log(text(stdout).trimEnd());
}

/** Runs `gamelan update FILE` in the machine and waits until it has restarted and is blessed again. */
export async function addExtension(machine: Machine, file: string): Promise<void> {
  await restartedWith(machine, async () => {
    const said = await machine.ssh(`gamelan update ${file}`, 10 * MINUTES);
    // The connection may end with the restart, but not before it says what it does.
    assert.match(said.stdout + said.stderr, /is added; restarting/);
  });
}

/** Does what adds an extension, and waits until the machine has restarted and is blessed again. */
export async function restartedWith(machine: Machine, add: () => Promise<void>): Promise<void> {
  const bootId = await machine.output("cat /proc/sys/kernel/random/boot_id");
  await add();
  await eventually("the box to have restarted and proved itself", async () => {
    const { blessed, pending } = await runningSystem(machine);
    return blessed && !pending &&
      await machine.output("cat /proc/sys/kernel/random/boot_id") !== bootId;
  }, { withinMs: 20 * MINUTES, everyMs: 20_000 });
  const { event, detail } = JSON.parse(await machine.output("gamelan box journal")).result.at(-1);
  assert.equal(event, "confirmed", detail);
}

/** One row of `gamelan doctor`. */
export async function doctorRow(machine: Machine, id: string) {
  const { stdout } = await machine.ssh("gamelan doctor --json", 4 * MINUTES);
  const rows = JSON.parse(stdout) as { id: string; status: string; evidence: string }[];
  const row = rows.find((one) => one.id === id);
  assert.ok(row, `expected a row ${id}, got ${rows.map((one) => one.id).join(", ")}`);
  return row;
}

/** Kernel modules and libraries that do not find what they depend on. */
export async function unresolved(machine: Machine): Promise<string> {
  return await machine.output(
    `
    cd /lib/modules/$(uname -r) && sed 's/:/ /' modules.dep | tr ' ' '\\n' | sort -u |
      while read -r file; do [ -z "$file" ] || [ -e "$file" ] || echo "$file"; done
    find /usr/lib/x86_64-linux-gnu -maxdepth 1 -name '*.so.*' -type f |
      while read -r file; do ldd "$file" 2>&1 | grep 'not found' | sed "s|^|$file: |"; done; true
  `,
    5 * MINUTES,
  );
}
