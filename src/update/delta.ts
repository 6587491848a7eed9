/**
 * A file of an update as its difference to the file that a machine has already:
 *
 *     gamelan-delta-1 {"base": …, "baseBytes": …, "segments": [{"bytes": …, "patch": …}, …]}\n
 *     the patches, one after the other
 *
 * The file is cut into segments; each patch is what `zstd --patch-from` makes of one and of the bytes
 * around the same place in the base. So the memory for applying it is that of a segment, not of a whole
 * root file system, and content is found again that moved by up to {@linkcode REACH} bytes.
 *
 * A delta needs no signature: what it makes is checked against the manifest as any other file.
 */
import { join } from "node:path";
import { z } from "zod";
import { BundleRefused } from "./refused.ts";

const MAGIC = "gamelan-delta-1 ";
const MAX_HEADER_BYTES = 64 * 1024;
/** Base and segment together fit the window of 2^27 bytes that zstd decodes without being asked. */
const SEGMENT = 32 * 2 ** 20;
/** So far around a segment's place the base is looked at, in bytes. */
const REACH = 16 * 2 ** 20;

const Bytes = z.number().int().min(0).max(2 ** 40);
const DeltaHeader = z.strictObject({
  /** Name of the file in the bundle that the machine runs. */
  base: z.string().max(128),
  baseBytes: Bytes,
  /** `bytes` of the file and of the patch. */
  segments: z.array(z.strictObject({
    bytes: z.number().int().min(1).max(SEGMENT),
    patch: z.number().int().min(1).max(2 * SEGMENT),
  })).max(1024),
});
type DeltaHeader = z.infer<typeof DeltaHeader>;

/**
 * Writes the delta from the file `base` to the file `target`. Debian package zstd.
 *
 * @param name  what the base is called in its bundle
 */
export async function writeDelta(base: string, name: string, target: string, path: string) {
  const [{ size: baseBytes }, { size }] = [await Deno.stat(base), await Deno.stat(target)];
  const work = await Deno.makeTempDir({ prefix: "gamelan-delta-" });
  try {
    using source = await Deno.open(base);
    using wanted = await Deno.open(target);
    const header: DeltaHeader = { base: name, baseBytes, segments: [] };
    const room = roomAround(baseBytes);
    const patches: string[] = [];
    for (let at = 0; at < size; at += SEGMENT) {
      const bytes = Math.min(SEGMENT, size - at);
      const [around, segment] = [join(work, "around"), join(work, "segment")];
      await Deno.writeFile(around, await readAround(source, baseBytes, at, bytes, room));
      await Deno.writeFile(segment, await readAt(wanted, at, bytes));
      const patch = join(work, `patch-${at}`);
      // --long also finds what lies far away.
      await zstd(["-5", "--long=27", ...from(around), "-o", patch, segment]);
      header.segments.push({ bytes, patch: (await Deno.stat(patch)).size });
      patches.push(patch);
    }
    using file = await Deno.open(path, { write: true, create: true, truncate: true });
    await writeAll(file, new TextEncoder().encode(`${MAGIC}${JSON.stringify(header)}\n`));
    for (const patch of patches) await writeAll(file, await Deno.readFile(patch));
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/**
 * Makes the file of a delta. Beside it some temporary files are written.
 *
 * @param bytes  what the file must have
 * @param findBase  where the base with this name is here; undefined: it is not here. There it may be
 *   followed by other bytes, as in a partition
 * @throws BundleRefused where the base is not here, or the delta is none
 */
export async function applyDelta(
  delta: string,
  path: string,
  bytes: number,
  findBase: (name: string) => Promise<string | undefined>,
): Promise<void> {
  const { header, at: start } = await readHeader(delta);
  const made = header.segments.reduce((sum, segment) => sum + segment.bytes, 0);
  if (made !== bytes) throw damaged(`it makes ${made} bytes, not ${bytes}`);
  const base = await findBase(header.base);
  if (base === undefined) {
    throw new BundleRefused(
      "too-old",
      `This update file holds only what differs from ${header.base}, which does not run here; ` +
        "use the whole one",
    );
  }
  const [around, patch] = [`${path}.around`, `${path}.patch`];
  try {
    using source = await Deno.open(base);
    using file = await Deno.open(delta);
    await Deno.writeFile(path, new Uint8Array(), { mode: 0o600 });
    using beside = await Deno.open(around, { write: true, create: true, truncate: true });
    const room = roomAround(header.baseBytes);
    let [done, patchAt] = [0, start];
    for (const segment of header.segments) {
      const near = await readAround(source, header.baseBytes, done, segment.bytes, room);
      // In place: the kernel has the pages already.
      await beside.seek(0, Deno.SeekMode.Start);
      await writeAll(beside, near);
      await beside.truncate(near.length);
      await Deno.writeFile(patch, await readAt(file, patchAt, segment.patch));
      await unpatch(patch, around, path, done, segment.bytes);
      done += segment.bytes;
      patchAt += segment.patch;
    }
  } finally {
    await Deno.remove(around).catch(() => {});
    await Deno.remove(patch).catch(() => {});
  }
}

/**
 * Appends the segment that `patch` makes to the file `path`, by zstd itself: through this process it
 * would take a slow processor four times as long.
 *
 * @param done  bytes that the file has
 * @throws BundleRefused where it is not of so many bytes; else where the disk is full
 */
async function unpatch(patch: string, around: string, path: string, done: number, bytes: number) {
  // A few bytes can unpack to any number: the kernel ends zstd where the file would be larger.
  const blocks = Math.ceil((done + bytes) / 512);
  const { success, stderr } = await new Deno.Command("sh", {
    args: [
      ...["-c", 'ulimit -f "$1" && path=$2 && shift 2 && exec zstd "$@" >>"$path"', "sh"],
      ...[String(blocks), path, "-q", "-d", "-c", "--memory=128MiB", ...from(around), patch],
    ],
    stdin: "null",
    stdout: "null",
  }).output();
  const said = new TextDecoder().decode(stderr).trim();
  if (/No space left|Disk quota exceeded/.test(said)) throw new Error(said);
  if (!success || (await Deno.stat(path)).size !== done + bytes) {
    throw damaged("it cannot be unpacked");
  }
}

/** zstd(1): of an empty base there is no patch. */
function from(around: string): string[] {
  return Deno.statSync(around).size === 0 ? [] : [`--patch-from=${around}`];
}

async function zstd(args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("zstd", { args: ["-q", "-f", ...args] })
    .output();
  if (!success) throw new Error(`zstd: ${new TextDecoder().decode(stderr).trim()}`);
}

/** Memory for {@linkcode readAround}. */
function roomAround(baseBytes: number): Uint8Array {
  return new Uint8Array(Math.min(baseBytes, SEGMENT + 2 * REACH));
}

/** The bytes of the base around a segment's place, in `room`. */
function readAround(
  base: Deno.FsFile,
  baseBytes: number,
  at: number,
  bytes: number,
  room: Uint8Array,
) {
  const begin = Math.min(Math.max(0, at - REACH), baseBytes);
  const end = Math.min(baseBytes, at + bytes + REACH);
  return readAt(base, begin, Math.max(0, end - begin), room);
}

async function readHeader(path: string): Promise<{ header: DeltaHeader; at: number }> {
  using file = await Deno.open(path);
  const start = new Uint8Array(MAX_HEADER_BYTES);
  const text = new TextDecoder("latin1").decode(start.subarray(0, await readFull(file, start)));
  const end = text.indexOf("\n");
  if (!text.startsWith(MAGIC) || end < 0) throw damaged("it has no header");
  try {
    const header = DeltaHeader.parse(JSON.parse(text.slice(MAGIC.length, end)));
    return { header, at: end + 1 };
  } catch {
    throw damaged("its header is not as it should be");
  }
}

function damaged(what: string): BundleRefused {
  return new BundleRefused("tampered", `A part of the update file is damaged: ${what}`);
}

async function readFull(file: Deno.FsFile, buffer: Uint8Array): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const read = await file.read(buffer.subarray(length));
    if (read === null) break;
    length += read;
  }
  return length;
}

async function readAt(
  file: Deno.FsFile,
  at: number,
  bytes: number,
  room?: Uint8Array,
): Promise<Uint8Array> {
  await file.seek(at, Deno.SeekMode.Start);
  const content = room?.subarray(0, bytes) ?? new Uint8Array(bytes);
  if (await readFull(file, content) < bytes) {
    throw damaged("it is cut short, or not of this system");
  }
  return content;
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
