import { createHash } from "node:crypto";

/** SHA-256 of a file, hex. */
export async function sha256File(
  path: string,
  options: { signal?: AbortSignal; onBytes?: (bytes: number) => void } = {},
): Promise<string> {
  using handle = await Deno.open(path);
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1024 * 1024);
  for (let count; (count = await handle.read(buffer)) !== null;) {
    options.signal?.throwIfAborted();
    hash.update(buffer.subarray(0, count));
    options.onBytes?.(count);
  }
  return hash.digest("hex");
}
