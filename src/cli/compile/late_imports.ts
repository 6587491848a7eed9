import { join } from "node:path";

/** As esbuild writes the import of a command or of another part that is loaded when it is needed. */
const DYNAMIC_IMPORT = /\bimport\(("\.\/[\w-]+-[A-Z0-9]{8}\.js")\)/g;

/** The same import, with a name that can only be known by running it. */
export const late = (code: string) => code.replaceAll(DYNAMIC_IMPORT, "import($1.valueOf())");

/**
 * Keeps Deno from looking into modules of the bundle in `folder` that a command does not load. It
 * parses whatever an import names literally, and without a cache, at the first start of a version, it
 * keeps the syntax trees of what is then not loaded: 30 MB of a session.
 *
 * Not for `deno compile`, which packs the modules that it finds so.
 */
export async function importLate(folder: string): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !name.endsWith(".js")) continue;
    const path = join(folder, name);
    await Deno.writeTextFile(path, late(await Deno.readTextFile(path)));
  }
}
