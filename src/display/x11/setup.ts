/** What the X server told on connecting (X11 protocol, "Connection Setup"). */

/** One screen of the server. */
export interface XScreen {
  root: number;
  /** Pixels. */
  width: number;
  height: number;
  depth: number;
  rootVisual: number;
  /** Bits a pixel takes in a picture of the root's depth. */
  bitsPerPixel: number;
  minKeycode: number;
  maxKeycode: number;
  /** True where pictures come as little-endian words. */
  littleEndian: boolean;
}

/** Parses the reply to a connection setup, header included. Throws RangeError where it lacks
 * `screen` or is cut off. */
export function parseSetup(bytes: Uint8Array, screen: number): XScreen {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const vendorLength = view.getUint16(24, true);
  const screens = view.getUint8(28);
  const formats = view.getUint8(29);
  const bitsPerPixel = new Map<number, number>();
  const formatStart = 40 + Math.ceil(vendorLength / 4) * 4;
  for (let i = 0; i < formats; i++) {
    bitsPerPixel.set(view.getUint8(formatStart + i * 8), view.getUint8(formatStart + i * 8 + 1));
  }
  let at = formatStart + formats * 8;
  for (let index = 0; index < screens; index++) {
    if (at + 40 > bytes.length) throw new RangeError("the X server's setup ends within a screen");
    if (index === screen) {
      const depth = view.getUint8(at + 38);
      return {
        root: view.getUint32(at, true),
        width: view.getUint16(at + 20, true),
        height: view.getUint16(at + 22, true),
        depth,
        rootVisual: view.getUint32(at + 32, true),
        bitsPerPixel: bitsPerPixel.get(depth) ?? 0,
        minKeycode: view.getUint8(34),
        maxKeycode: view.getUint8(35),
        littleEndian: view.getUint8(30) === 0,
      };
    }
    const depths = view.getUint8(at + 39);
    at += 40;
    for (let i = 0; i < depths; i++) at += 8 + view.getUint16(at + 2, true) * 24;
  }
  throw new RangeError(`expected screen ${screen}, but the X server has ${screens}`);
}
