/** As much of STUN (RFC 8489) as it takes to tell whom a datagram is for. */

const STUN_USERNAME = 0x0006;

export function isStun(bytes: Uint8Array): boolean {
  return bytes.length >= 20 && bytes[0] < 4 && bytes[4] === 0x21 && bytes[5] === 0x12 &&
    bytes[6] === 0xa4 && bytes[7] === 0x42;
}

/** The class of a STUN message (RFC 8489 section 5). */
export function stunClass(message: Uint8Array): "request" | "indication" | "response" {
  const bits = (message[0] & 1) << 1 | message[1] >> 4 & 1;
  return bits === 0 ? "request" : bits === 1 ? "indication" : "response";
}

/** The local half of the USERNAME attribute of a STUN request (RFC 8445 section 7.2.2). */
export function stunLocalFragment(message: Uint8Array): string | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  for (let at = 20; at + 4 <= message.length;) {
    const length = view.getUint16(at + 2);
    if (at + 4 + length > message.length) return undefined;
    if (view.getUint16(at) === STUN_USERNAME) {
      const name = new TextDecoder().decode(message.subarray(at + 4, at + 4 + length));
      const colon = name.indexOf(":");
      return colon < 0 ? undefined : name.slice(0, colon);
    }
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return undefined;
}
