/**
 * X11 access cookies for another host name.
 */

const FAMILY_WILD = 0xffff;

/**
 * A copy of an Xauthority file whose entries hold for every host (libXau, Xauth(7)): in the sandbox
 * the host has another name, by which the library would find no entry.
 *
 * @throws where the file is cut short
 */
export function wildXauthority(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const copy = new Uint8Array(file);
  const output = new DataView(copy.buffer);
  for (let at = 0; at < file.length;) {
    if (at + 2 > file.length) throw new Error("The Xauthority file is cut short");
    output.setUint16(at, FAMILY_WILD);
    at += 2;
    // Address, display number, name and data, each with a big-endian length.
    for (let field = 0; field < 4; field++) {
      if (at + 2 > file.length) throw new Error("The Xauthority file is cut short");
      at += 2 + view.getUint16(at);
    }
    if (at > file.length) throw new Error("The Xauthority file is cut short");
  }
  return copy;
}
