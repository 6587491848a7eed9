import assert from "node:assert/strict";
import { join } from "node:path";
import { importLate, late } from "./late_imports.ts";

Deno.test("imports of chunks are made late, nothing else is touched", () => {
  assert.equal(
    late('a(()=>import("./serve-G4AGORNC.js"));import"./chunk-25TSPG76.js"'),
    'a(()=>import("./serve-G4AGORNC.js".valueOf()));import"./chunk-25TSPG76.js"',
  );
  for (
    const other of ['import("node:fs")', 'import("./display.js")', 'reimport("./a-25TSPG76.js")']
  ) {
    assert.equal(late(other), other);
  }
});

Deno.test("a module with late imports runs, and Deno does not see them before", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-late-" });
  try {
    await Deno.writeTextFile(join(folder, "command-25TSPG76.js"), "export const said = 'hello';");
    const main = join(folder, "main.js");
    await Deno.writeTextFile(
      main,
      'const { said } = await import("./command-25TSPG76.js"); console.log(said);',
    );
    const deno = async (...args: string[]) => {
      const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
      return new TextDecoder().decode(stdout);
    };
    const modules = async () => JSON.parse(await deno("info", "--json", main)).modules.length;
    assert.equal(await modules(), 2);
    await importLate(folder);
    assert.equal(await modules(), 1);
    assert.equal(await deno("run", "--allow-read", main), "hello\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
