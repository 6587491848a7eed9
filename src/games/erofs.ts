/**
 * Read-only package images: made, checked and unpacked with Debian's erofs-utils.
 */
import { run } from "./command.ts";

/** Superblock offset and magic (Linux, Documentation/filesystems/erofs.rst). */
const SUPERBLOCK = 1024;
const MAGIC = 0xe0f5e1e2;

/**
 * Makes the image `file` of everything under `folder`, owned by root, with equal times, so that
 * equal content gives an equal image.
 */
export async function packErofs(
  folder: string,
  file: string,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  await run([
    "mkfs.erofs",
    // Fast to read, and nearly as fast to make as storing without compression.
    "-zlz4hc",
    "-T0",
    "--all-root",
    "-x-1",
    "-U00000000-0000-0000-0000-000000000000",
    "--quiet",
    file,
    folder,
  ], options);
}

/**
 * Checks that `file` is a whole erofs image by its superblock.
 *
 * @param name  what the person who brought it knows it by, for the messages
 * @returns the size that the superblock states, in bytes
 * @throws where the magic is missing or the file is shorter than that
 */
export async function checkErofs(file: string, name = file): Promise<number> {
  using handle = await Deno.open(file);
  const { size } = await handle.stat();
  const bytes = new Uint8Array(128);
  await handle.seek(SUPERBLOCK, Deno.SeekMode.Start);
  let filled = 0;
  while (filled < bytes.length) {
    const count = await handle.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  const view = new DataView(bytes.buffer);
  if (filled < bytes.length || view.getUint32(0, true) !== MAGIC) {
    throw new Error(`${name} is not a game package: it holds no erofs file system`);
  }
  // struct erofs_super_block: blkszbits at 12, blocks at 36.
  const blockBits = view.getUint8(12);
  const blocks = view.getUint32(36, true);
  if (blockBits < 9 || blockBits > 16) {
    throw new Error(`${name} is damaged: a block size of 2^${blockBits} bytes`);
  }
  const expected = blocks * 2 ** blockBits;
  if (size < expected) {
    throw new Error(`${name} is cut short: ${size} bytes, expected ${expected}`);
  }
  return expected;
}
