/**
 * Xauthority files: which cookie opens which X display (libXau, Xauth.h and AuRead.c's format:
 * big-endian family, then address, display number, name and data, each with a 16-bit length).
 */

/** FamilyLocal: the address is a host name. */
export const FAMILY_LOCAL = 256;
/** FamilyWild: any address. */
export const FAMILY_WILD = 65535;

export interface XauthorityEntry {
  family: number;
  address: Uint8Array;
  /** Display number as text; empty: any. */
  number: string;
  /** Such as MIT-MAGIC-COOKIE-1. */
  name: string;
  data: Uint8Array;
}

/** Entries of a file; a cut-off last entry is left out, as libXau does. */
export function parseXauthority(file: Uint8Array): XauthorityEntry[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const entries: XauthorityEntry[] = [];
  let offset = 0;
  const take = (): Uint8Array | undefined => {
    if (offset + 2 > file.length) return undefined;
    const length = view.getUint16(offset);
    const end = offset + 2 + length;
    if (end > file.length) return undefined;
    const bytes = file.subarray(offset + 2, end);
    offset = end;
    return bytes;
  };
  const text = new TextDecoder();
  while (offset + 2 <= file.length) {
    const family = view.getUint16(offset);
    offset += 2;
    const [address, number, name, data] = [take(), take(), take(), take()];
    if (!address || !number || !name || !data) break;
    entries.push({ family, address, number: text.decode(number), name: text.decode(name), data });
  }
  return entries;
}

/** A file of these entries. */
export function formatXauthority(entries: XauthorityEntry[]): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder();
  const parts: Uint8Array[] = [];
  const u16 = (value: number) => Uint8Array.of(value >> 8, value & 255);
  for (const { family, address, number, name, data } of entries) {
    parts.push(u16(family));
    for (const field of [address, text.encode(number), text.encode(name), data]) {
      parts.push(u16(field.length), field);
    }
  }
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** The entry for a display such as ":5" or "host:5.0": one for this number before one for any. */
export function cookieFor(
  entries: XauthorityEntry[],
  display: string,
): XauthorityEntry | undefined {
  const number = /:(\d+)(?:\.\d+)?$/.exec(display)?.[1];
  const cookies = entries.filter((entry) => entry.name === "MIT-MAGIC-COOKIE-1");
  return cookies.find((entry) => entry.number === number) ??
    cookies.find((entry) => entry.number === "");
}
