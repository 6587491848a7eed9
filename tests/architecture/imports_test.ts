/**
 * Imports point downwards. The table is the one in ARCHITECTURE.md: a folder may import from those
 * named, and from itself; npm packages are not restricted except in `ffi` and `ui`.
 */
import assert from "node:assert/strict";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname!, "../..");
const ground = ["ffi", "src/protocol", "src/config", "src/media", "src/system"];
const stages = [
  "src/display",
  "src/video",
  "src/audio",
  "src/input",
  "src/transport",
  "src/games",
];
const allowed: Record<string, string[]> = {
  "ffi": [],
  "src/protocol": [],
  "src/config": ["src/protocol"],
  "src/media": ["ffi", "src/protocol"],
  "src/system": ["ffi", "src/protocol", "src/config"],
  ...Object.fromEntries(stages.map((stage) => [stage, ground])),
  "src/session": [...ground, ...stages],
  "src/node": [...ground, "src/games", "src/input"],
  "src/coordinator": [...ground],
  "src/update": [...ground],
  "src/appliance": [...ground],
  "src/fleet": [...ground, "src/update"],
  "src/backup": [...ground, "src/games", "src/coordinator"],
  "src/cli": [
    ...ground,
    ...stages,
    "src/session",
    "src/node",
    "src/coordinator",
    "src/backup",
    "src/update",
    "src/appliance",
    "src/fleet",
    "ui",
    // The version.
    "deno.json",
  ],
  "ui": ["src/protocol"],
  "main.ts": ["src/cli", "src/session"],
};

function* sources(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    if (["node_modules", "dist", ".git"].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* sources(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

function home(path: string): string {
  const [first, second] = path.split("/");
  return first === "src" ? `${first}/${second}` : first;
}

function imports(text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;"'`]*?from\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']|new URL\(\s*["']([^"']+\.tsx?)["']/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? match[4]);
}

Deno.test("imports point downwards", () => {
  const wrong: string[] = [];
  let checked = 0;
  for (const folder of ["src", "ffi", "ui"]) {
    for (const file of sources(join(root, folder))) {
      const from = home(relative(root, file));
      const rules = allowed[from];
      assert.ok(rules, `${relative(root, file)} is in a folder the import rules do not know`);
      // Tests and build scripts may use the test tools.
      const isTest = /_test\.tsx?$/.test(file);
      for (const specifier of imports(Deno.readTextFileSync(file))) {
        if (!specifier.startsWith(".")) continue;
        checked++;
        const target = relative(root, resolve(dirname(file), specifier));
        const to = home(target);
        if (to === from || rules.includes(to) || (isTest && to === "tests")) continue;
        wrong.push(`${relative(root, file)} imports ${target}: ${from} may not import ${to}`);
      }
    }
  }
  assert.ok(checked > 10);
  assert.deepEqual(wrong, []);
});

Deno.test("no folder is called utils and ffi imports no package", () => {
  const wrong: string[] = [];
  for (const folder of ["src", "ffi", "ui", "tests"]) {
    for (const file of sources(join(root, folder))) {
      const path = relative(root, file);
      if (/(^|\/)(utils?|helpers|common|misc)(\/|\.ts)/.test(path)) wrong.push(path);
      if (!path.startsWith("ffi/") || path.endsWith("_test.ts")) continue;
      for (const specifier of imports(Deno.readTextFileSync(file))) {
        if (!specifier.startsWith("./")) wrong.push(`${path} imports ${specifier}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});
