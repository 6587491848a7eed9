import { dirname, join } from "node:path";

/**
 * Replaces a file at once and for good: a reader, also after a power cut, finds the old content or
 * the new one.
 */
export function replaceFile(path: string, content: string | Uint8Array, mode = 0o600): void {
  Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  try {
    using file = Deno.openSync(temporary, { write: true, create: true, truncate: true, mode });
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    for (let written = 0; written < bytes.length;) {
      written += file.writeSync(bytes.subarray(written));
    }
    file.syncSync();
  } catch (error) {
    removeFile(temporary);
    throw error;
  }
  Deno.renameSync(temporary, path);
  using folder = Deno.openSync(dirname(path));
  folder.syncSync();
}

/** Keeps the files of a folder, and that they are there, from being lost by a power cut from now on. */
export function syncFolder(path: string): void {
  for (const { name, isFile } of Deno.readDirSync(path)) {
    if (!isFile) continue;
    using file = Deno.openSync(join(path, name));
    file.syncSync();
  }
  using folder = Deno.openSync(path);
  folder.syncSync();
}

/** Removes a file that may not be there. */
export function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
