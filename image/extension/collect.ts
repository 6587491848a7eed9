/**
 * What of a tree of installed packages belongs into an extension: the files below /usr of those packages
 * that the image does not have.
 */
import { dirname, join } from "node:path";
import { run } from "../run.ts";

export interface Package {
  name: string;
  version: string;
}

/** Debian's packages that are installed in `tree`, without those in `known`. */
export async function newPackages(tree: string, known: ReadonlySet<string>): Promise<Package[]> {
  const status = await Deno.readTextFile(join(tree, "var/lib/dpkg/status"));
  return status.split("\n\n").flatMap((stanza) => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1];
    const [name, version] = [field("Package"), field("Version")];
    const installed = field("Status") === "install ok installed";
    if (!installed || name === undefined || version === undefined || known.has(name)) return [];
    return [{ name, version }];
  });
}

/**
 * Copies the files of `packages` from `tree` to `folder`. Files that other packages have moved aside
 * (dpkg-divert(1)) come to where they belong.
 */
export async function copyPackages(tree: string, packages: Package[], folder: string) {
  const diverted = await diversions(tree);
  for (const { name } of packages) {
    for (const path of await filesOf(tree, name)) {
      if (!path.startsWith("/usr/")) continue;
      const moved = diverted.get(path);
      const source = moved !== undefined && moved.by !== name ? moved.to : path;
      const stat = await Deno.lstat(join(tree, source)).catch(() => undefined);
      // Manuals and the like are left out of the tree.
      if (stat === undefined || stat.isDirectory) continue;
      await Deno.mkdir(join(folder, dirname(path)), { recursive: true });
      await run([
        "cp",
        "--archive",
        "--no-target-directory",
        join(tree, source),
        join(folder, path),
      ]);
    }
  }
}

async function filesOf(tree: string, name: string): Promise<string[]> {
  for (const file of [`${name}.list`, `${name}:amd64.list`]) {
    const path = join(tree, "var/lib/dpkg/info", file);
    const text = await Deno.readTextFile(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    if (text !== undefined) return text.split("\n");
  }
  throw new Error(`expected a list of the files of ${name} in ${tree}`);
}

/** Path, where its file lies instead, and which package wanted it so. */
async function diversions(tree: string): Promise<Map<string, { to: string; by: string }>> {
  const path = join(tree, "var/lib/dpkg/diversions");
  const lines = (await Deno.readTextFile(path).catch(() => "")).split("\n");
  const found = new Map<string, { to: string; by: string }>();
  for (let at = 0; at + 2 < lines.length; at += 3) {
    found.set(lines[at], { to: lines[at + 1], by: lines[at + 2] });
  }
  return found;
}
