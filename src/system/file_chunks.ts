/**
 * The bytes of a file in pieces of up to 1 MiB, from where it stands; closes it at its end.
 *
 * Deno's own `readable` gives 64 KiB at a time, for which a slow processor takes fourteen times as long.
 */
export async function* fileChunks(file: Deno.FsFile): AsyncGenerator<Uint8Array> {
  try {
    for (;;) {
      // A new one for each: who reads may keep it.
      const chunk = new Uint8Array(2 ** 20);
      const count = await file.read(chunk);
      if (count === null) return;
      yield chunk.subarray(0, count);
    }
  } finally {
    file.close();
  }
}
