import assert from "node:assert/strict";
import { setRealtime } from "./priority.ts";

/** The scheduling policies of this process' threads, from proc_pid_stat(5), field 41. */
function policies(pid: number): number[] {
  return [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => {
    const stat = Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`);
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]);
  });
}

Deno.test("a real-time thread starts ordinary processes", async () => {
  const program = `
    import { setRealtime } from ${JSON.stringify(new URL("./priority.ts", import.meta.url).href)};
    const set = setRealtime(1);
    const child = new Deno.Command("sleep", { args: ["10"] }).spawn();
    console.log(JSON.stringify({ set, child: child.pid }));
    await child.status;
  `;
  const parent = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", program],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = parent.stdout.getReader();
  const { value } = await reader.read();
  const { set, child } = JSON.parse(new TextDecoder().decode(value));
  assert.equal(policies(parent.pid).includes(1), set);
  assert.deepEqual(policies(child), [0]);
  Deno.kill(child, "SIGTERM");
  await reader.cancel();
  await parent.status;
});

Deno.test("a priority that does not exist is refused and changes nothing", () => {
  assert.equal(setRealtime(1000), false);
});
