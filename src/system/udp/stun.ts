/** As much of STUN (RFC 8489) as it takes to tell whom a datagram is for. */

const STUN_USERNAME = 0x0006;
const STUN_MESSAGE_INTEGRITY = 0x0008;

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
  const value = stunAttribute(message, STUN_USERNAME);
  if (!value) return undefined;
  const name = new TextDecoder().decode(value);
  const colon = name.indexOf(":");
  return colon < 0 ? undefined : name.slice(0, colon);
}

/** Whether it says that it is from an end of an ICE session, which a STUN server's answers are not. */
export function hasStunIntegrity(message: Uint8Array): boolean {
  return stunAttribute(message, STUN_MESSAGE_INTEGRITY) !== undefined;
}

function stunAttribute(message: Uint8Array, type: number): Uint8Array | undefined {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  for (let at = 20; at + 4 <= message.length;) {
    const length = view.getUint16(at + 2);
    if (at + 4 + length > message.length) return undefined;
    if (view.getUint16(at) === type) return message.subarray(at + 4, at + 4 + length);
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return undefined;
}
