import assert from "node:assert/strict";
import { gamelan } from "./house.ts";

Deno.test("a house whose port is taken says so and leaves no program behind", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-port-" });
  try {
    const [command, ...args] = gamelan([
      ...["serve", "--http-host", "127.0.0.1", "--port", String(port), "--https-port", "0"],
      ...["--data-dir", dataDir, "--library-first-import", ""],
    ]);
    const child = new Deno.Command(command, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const said = new Response(child.stderr).text();
    const { code } = await child.status;
    // The one that it had prepared has its log there.
    const left = programsWithFilesIn(dataDir);
    assert.equal(code, 1);
    assert.match(
      await said,
      new RegExp(`127\\.0\\.0\\.1 port ${port} is taken by another program: stop it`),
    );
    assert.deepEqual(left, []);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** Command lines of all that have a file open below `folder`. */
function programsWithFilesIn(folder: string): string[] {
  const found = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const files = [...Deno.readDirSync(`/proc/${name}/fd`)];
      const isIn = ({ name: fd }: Deno.DirEntry) =>
        Deno.readLinkSync(`/proc/${name}/fd/${fd}`).startsWith(folder);
      if (files.some(isIn)) found.push(Deno.readTextFileSync(`/proc/${name}/cmdline`));
    } catch {
      // It has ended, or has closed it.
    }
  }
  return found;
}
