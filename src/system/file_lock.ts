/**
 * Takes a file for this process until it is disposed of, or the process ends: flock(2). The file is made
 * where it is not there; its folder must be.
 *
 * @param onWait  called once where another process has it, whose end is waited for
 */
export async function lockFile(path: string, onWait: () => void = () => {}): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, write: true });
  try {
    if (!await file.tryLock(true)) {
      onWait();
      await file.lock(true);
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}
