/** PNG files (RFC 2083) for cursors, screenshots and tests. */
import { libz, Z_OK } from "../../ffi/libz.ts";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
/** IHDR: 8 bits a channel, colour type 6 (RGBA), deflate, no filter choice, not interlaced. */
const RGBA_8 = [8, 6, 0, 0, 0];
/** Cursors change while a game is played: fast rather than small. */
const COMPRESSION_LEVEL = 3;

/**
 * A PNG file of `width` × `height` pixels.
 *
 * `rgba`: bytes R, G, B, A of each pixel, not premultiplied, rows tightly packed.
 * Throws RangeError where its length does not match.
 *
 * By the system's libz: node:zlib would take 3.5 MB of the display's thread.
 */
export function encodePng(
  width: number,
  height: number,
  rgba: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (width < 1 || height < 1 || rgba.length !== width * height * 4) {
    throw new RangeError(`expected ${width * height * 4} bytes of RGBA, got ${rgba.length}`);
  }
  const rowBytes = width * 4;
  // Each row is preceded by its filter type, 0: none.
  const rows = new Uint8Array((rowBytes + 1) * height);
  for (let y = 0; y < height; y++) {
    rows.set(rgba.subarray(y * rowBytes, (y + 1) * rowBytes), y * (rowBytes + 1) + 1);
  }
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set(RGBA_8, 8);
  return join([
    new Uint8Array(SIGNATURE),
    chunk("IHDR", head),
    chunk("IDAT", deflate(rows)),
    chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  const checked = bytes.subarray(4, 8 + data.length);
  view.setUint32(8 + data.length, Number(libz().crc32(0n, checked, checked.length)));
  return bytes;
}

/** A zlib stream (RFC 1950). */
function deflate(data: Uint8Array<ArrayBuffer>): Uint8Array {
  const bytes = new Uint8Array(Number(libz().compressBound(BigInt(data.length))));
  const length = BigUint64Array.of(BigInt(bytes.length));
  const result = libz().compress2(
    bytes,
    new Uint8Array(length.buffer),
    data,
    BigInt(data.length),
    COMPRESSION_LEVEL,
  );
  if (result !== Z_OK) throw new Error(`libz cannot compress ${data.length} bytes (${result})`);
  return bytes.subarray(0, Number(length[0]));
}

function join(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
