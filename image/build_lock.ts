import { join } from "node:path";
import { lockFile } from "../src/system/file_lock.ts";

/**
 * Keeps other builds out of the folder `build` until it is disposed of, or this process ends: they would
 * write over each other's files without a word. Waits for one that is at it.
 *
 * @param say  told once, where it has to wait
 */
export async function lockBuild(
  build: string,
  say: (line: string) => void = console.error,
): Promise<Disposable> {
  await Deno.mkdir(build, { recursive: true });
  return await lockFile(
    join(build, "lock"),
    () => say(`Another build is at work in ${build}; this one goes on after it …`),
  );
}
