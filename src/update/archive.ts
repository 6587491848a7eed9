/**
 * An update bundle as one file, `*.gamelan-update`: a tar archive (POSIX.1-1988 ustar) of the bundle's
 * plain files, its head (manifest, signature, keys) first, so that a reader refuses it before it takes
 * the large ones.
 */
import { join } from "node:path";
import { fileChunks } from "../system/file_chunks.ts";
import { KEYS, MANIFEST, MAX_TEXT_BYTES, SIGNATURE } from "./manifest.ts";
import { BundleRefused } from "./refused.ts";
import type { BundleHead } from "./verify.ts";

/** Ends the name of a file's delta (delta.ts). */
export const DELTA = ".delta";
/** A delta of files that have nothing in common is that much larger than the file, in bytes. */
const DELTA_SPARE = 2 ** 20;
const BLOCK = 512;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._+@-]{0,99}$/;

/** Writes the bundle in `folder` to the file `path`. The same bundle gives the same file. */
export async function packBundle(folder: string, path: string): Promise<void> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  const head = [MANIFEST, SIGNATURE, KEYS].filter((name) => names.includes(name));
  const files = names.filter((name) => !head.includes(name)).sort();
  using archive = await Deno.open(path, { write: true, create: true, truncate: true });
  for (const name of [...head, ...files]) {
    const { size } = await Deno.stat(join(folder, name));
    await write(archive, header(name, size));
    for await (const chunk of fileChunks(join(folder, name))) await write(archive, chunk);
    await write(archive, new Uint8Array(padding(size)));
  }
  await write(archive, new Uint8Array(2 * BLOCK));
}

async function write(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}

function header(name: string, size: number): Uint8Array {
  if (!NAME.test(name)) throw new Error(`expected a name of at most 100 characters, got ${name}`);
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string) => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0") + "\0";
  put(0, name);
  put(100, octal(0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(size, 11));
  put(136, octal(0, 11));
  put(156, "0");
  put(257, "ustar\x0000");
  put(148, `${octal(checksum(block), 6)} `);
  return block;
}

/** The sum of all bytes, those of the checksum itself taken as spaces. */
function checksum(block: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 0x20 : block[i];
  return sum;
}

function padding(size: number): number {
  return (BLOCK - size % BLOCK) % BLOCK;
}

/** Reads an archive from front to back, each file once. */
export class BundleArchive {
  #pending: Uint8Array = new Uint8Array();
  readonly #chunks: AsyncIterator<Uint8Array>;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Reads the head. @throws BundleRefused where it does not come first */
  async head(): Promise<BundleHead> {
    const read = async (wanted: string) => {
      const entry = await this.#peek();
      if (entry?.name !== wanted) return undefined;
      this.#next = undefined;
      if (entry.bytes > MAX_TEXT_BYTES) {
        throw new BundleRefused("malformed", `${wanted} has ${entry.bytes} bytes; it is too large`);
      }
      const parts: Uint8Array[] = [];
      for await (const part of this.#content(entry.bytes)) parts.push(part);
      return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
    };
    const manifest = await read(MANIFEST);
    const signature = manifest && await read(SIGNATURE);
    if (manifest === undefined || signature === undefined) {
      const missing = manifest === undefined ? MANIFEST : SIGNATURE;
      throw new BundleRefused("malformed", `This is no update file: it lacks ${missing}`);
    }
    return { manifest, signature, keys: await read(KEYS) };
  }

  /**
   * Writes the files to `folder`, whose names and sizes must be those of the manifest; in place of a
   * file there may be its delta, `NAME.delta`, which is not larger than a little more than the file.
   *
   * @returns names of the files of which there is a delta
   * @throws BundleRefused where they are not
   */
  async unpack(
    folder: string,
    expected: readonly { name: string; bytes: number }[],
  ): Promise<string[]> {
    const missing = new Map(expected.map(({ name, bytes }) => [name, bytes]));
    const deltas: string[] = [];
    for (let entry = await this.#peek(); entry !== undefined; entry = await this.#peek()) {
      this.#next = undefined;
      const { name, bytes } = entry;
      const whole = name.endsWith(DELTA) ? name.slice(0, -DELTA.length) : undefined;
      const isDelta = whole !== undefined &&
        bytes <= (missing.get(whole) ?? -Infinity) + DELTA_SPARE;
      if (isDelta) deltas.push(whole);
      else if (missing.get(name) !== bytes) {
        throw new BundleRefused(
          "tampered",
          `The update file holds ${name} with ${bytes} bytes, which its manifest does not`,
        );
      }
      missing.delete(isDelta ? whole : name);
      using file = await Deno.open(join(folder, name), {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      for await (const part of this.#content(bytes)) await write(file, part);
    }
    const [lost] = missing.keys();
    if (lost !== undefined) throw new BundleRefused("truncated", `The update file lacks ${lost}`);
    return deltas;
  }

  #next: { name: string; bytes: number } | undefined;

  /** The next file, or undefined at the end. */
  async #peek() {
    if (this.#next !== undefined) return this.#next;
    const block = await this.#take(BLOCK);
    if (block.every((byte) => byte === 0)) return undefined;
    const text = (at: number, length: number) =>
      new TextDecoder("latin1").decode(block.subarray(at, at + length)).replace(/\0.*$/s, "");
    const [name, size, sum] = [text(0, 100), text(124, 12).trim(), text(148, 8).trim()];
    const plain = text(156, 1) === "0" || text(156, 1) === "";
    const sound = text(257, 5) === "ustar" && parseInt(sum, 8) === checksum(block);
    if (!sound || !plain || !NAME.test(name) || !/^[0-7]{1,11}$/.test(size) || text(345, 155)) {
      throw new BundleRefused("malformed", "This is no update file, or it is damaged");
    }
    return this.#next = { name, bytes: parseInt(size, 8) };
  }

  async *#content(bytes: number): AsyncIterable<Uint8Array> {
    for (let left = bytes; left > 0;) {
      if (this.#pending.length === 0) await this.#fill();
      const part = this.#pending.subarray(0, left);
      this.#pending = this.#pending.subarray(part.length);
      left -= part.length;
      yield part;
    }
    await this.#take(padding(bytes));
  }

  async #take(bytes: number): Promise<Uint8Array> {
    const taken = new Uint8Array(bytes);
    for (let at = 0; at < bytes;) {
      if (this.#pending.length === 0) await this.#fill();
      const part = this.#pending.subarray(0, bytes - at);
      taken.set(part, at);
      at += part.length;
      this.#pending = this.#pending.subarray(part.length);
    }
    return taken;
  }

  async #fill(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done) throw new BundleRefused("truncated", "The update file is cut short");
    this.#pending = value;
  }
}
