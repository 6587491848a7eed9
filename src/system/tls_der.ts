/**
 * DER (ITU-T X.690) as far as X.509 certificates need it. Only writing: certificates are read by
 * node:crypto.
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** One element: tag, length in its shortest form, and the parts as content. */
export function element(tag: number, ...parts: Uint8Array[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = [tag];
  if (length < 0x80) head.push(length);
  else if (length < 0x100) head.push(0x81, length);
  else if (length < 0x10000) head.push(0x82, length >> 8, length & 255);
  else throw new RangeError(`expected at most 65535 bytes in a DER element, got ${length}`);
  const bytes = new Uint8Array(head.length + length);
  bytes.set(head);
  let at = head.length;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export const sequence = (...parts: Uint8Array[]) => element(0x30, ...parts);
export const set = (...parts: Uint8Array[]) => element(0x31, ...parts);
export const octets = (content: Uint8Array) => element(0x04, content);
/** BIT STRING of whole bytes, or with the last `unused` bits left out. */
export const bits = (content: Uint8Array, unused = 0) =>
  element(0x03, Uint8Array.of(unused), content);
export const boolean = (value: boolean) => element(0x01, Uint8Array.of(value ? 0xff : 0));
export const utf8 = (text: string) => element(0x0c, new TextEncoder().encode(text));
/** `[tag]` in the context of the structure around it; constructed where it holds elements. */
export const tagged = (tag: number, ...parts: Uint8Array[]) => element(0xa0 | tag, ...parts);
export const taggedPrimitive = (tag: number, content: Uint8Array) => element(0x80 | tag, content);

/** A non-negative INTEGER, big-endian. */
export function integer(value: Uint8Array): Bytes {
  let start = 0;
  while (start < value.length - 1 && value[start] === 0) start++;
  const digits = value.subarray(start);
  return digits[0] & 0x80 ? element(0x02, Uint8Array.of(0), digits) : element(0x02, digits);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Bytes {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 127];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      groups.unshift((left & 127) | 128);
    }
    bytes.push(...groups);
  }
  return element(0x06, Uint8Array.from(bytes));
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280, 4.1.2.5). */
export function time(date: Date): Bytes {
  const digits = date.toISOString().replace(/[-:T]|\.\d+/g, "");
  const early = date.getUTCFullYear() < 2050;
  return element(early ? 0x17 : 0x18, new TextEncoder().encode(early ? digits.slice(2) : digits));
}

export function pem(label: string, der: Uint8Array): string {
  const text = btoa(String.fromCharCode(...der)).match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
}
