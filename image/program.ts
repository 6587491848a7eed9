import { join } from "node:path";
import { bundle } from "../src/cli/compile/bundle.ts";
import { importLate } from "../src/cli/compile/late_imports.ts";

/**
 * Puts Gamelan into `folder` as it lies in the image, in /usr/lib/gamelan: Deno and the bundle, what
 * `deno task compile` packs into one file. Unpacked it starts at once, the root's own compression does
 * for its size, and an update carries only the blocks that have changed.
 */
export async function stageProgram(root: string, folder: string): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  await bundle(root, folder);
  await importLate(folder);
  await Deno.copyFile(Deno.execPath(), join(folder, "deno"));
  await Deno.chmod(join(folder, "deno"), 0o755);
}
