import { dirname } from "node:path";

/**
 * A file of JSON lines that survives the death of its writer and of its machine: a line is on the
 * disk before `append` returns.
 */
export class Journal {
  constructor(readonly path: string) {}

  /** Writes one entry. @throws where the disk is full */
  append(entry: Record<string, unknown>): void {
    Deno.mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    using file = Deno.openSync(this.path, { read: true, write: true, create: true, mode: 0o600 });
    const { size } = file.statSync();
    // A line that was cut off by a power cut must not swallow the next one.
    const last = new Uint8Array(1);
    if (size > 0) {
      file.seekSync(-1, Deno.SeekMode.End);
      file.readSync(last);
    }
    file.seekSync(0, Deno.SeekMode.End);
    const torn = size > 0 && last[0] !== 10;
    const bytes = new TextEncoder().encode(`${torn ? "\n" : ""}${JSON.stringify(entry)}\n`);
    for (let written = 0; written < bytes.length;) {
      written += file.writeSync(bytes.subarray(written));
    }
    file.syncDataSync();
  }

  /** Size of the file; 0 where there is none. */
  get bytes(): number {
    try {
      return Deno.statSync(this.path).size;
    } catch {
      return 0;
    }
  }

  /** All entries in order; lines that were cut off are passed over. Empty where there is no file. */
  read(): Record<string, unknown>[] {
    let text: string;
    try {
      text = Deno.readTextFileSync(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
    return text.split("\n").flatMap((line) => {
      try {
        const entry = JSON.parse(line);
        return typeof entry === "object" && entry !== null ? [entry] : [];
      } catch {
        return [];
      }
    });
  }
}
