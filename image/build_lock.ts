import { join } from "node:path";

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
  const file = await Deno.open(join(build, "lock"), { create: true, write: true });
  try {
    if (!await file.tryLock(true)) {
      say(`Another build is at work in ${build}; this one goes on after it …`);
      await file.lock(true);
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}
