/** A FlexFEC receiver for tests, written from draft-ietf-payload-flexible-fec-scheme-03 section 6.3. */

interface Parity {
  covered: number[];
  payload: Uint8Array;
  header: number;
}

/** Repairs one stream's packets as whole RTP packets, with the transport-wide number as 0. */
export class FlexFecReceiver {
  /** By sequence number. */
  readonly packets = new Map<number, Uint8Array>();
  #parity: Parity[] = [];

  constructor(readonly ssrc: number) {}

  media(packet: Uint8Array): void {
    this.packets.set(packet[2] << 8 | packet[3], packet);
    this.#repair();
  }

  /** Throws where the payload is not one that this receiver must understand. */
  parity(payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    if (payload[0] & 0xc0) throw new Error("expected R = 0 and F = 0");
    if (payload[8] !== 1) throw new Error(`expected one protected stream, got ${payload[8]}`);
    if (view.getUint32(9 - 1) & 0xffffff) throw new Error("expected reserved bits 0");
    if (view.getUint32(12) !== this.ssrc) throw new Error("expected the protected stream's SSRC");
    const base = view.getUint16(16);
    const covered: number[] = [];
    let at = 18;
    let offset = 0;
    for (const bits of [15, 31, 63]) {
      const last = payload[at] & 0x80;
      for (let i = 0; i < bits; i++) {
        const bit = i + 1;
        if (payload[at + (bit >> 3)] & 0x80 >> (bit & 7)) {
          covered.push((base + offset + i) & 0xffff);
        }
      }
      at += (bits + 1) / 8;
      offset += bits;
      if (last) break;
    }
    this.#parity.push({ covered, payload, header: at });
    this.#repair();
  }

  #repair(): void {
    for (let again = true; again;) {
      again = false;
      for (const parity of this.#parity) {
        const missing = parity.covered.filter((sequence) => !this.packets.has(sequence));
        if (missing.length !== 1) continue;
        this.packets.set(missing[0], this.#recover(parity, missing[0]));
        again = true;
      }
    }
  }

  #recover({ covered, payload, header }: Parity, sequence: number): Uint8Array {
    const head = payload.slice(0, 8);
    const body = payload.slice(header);
    for (const other of covered) {
      const packet = this.packets.get(other);
      if (!packet) continue;
      const length = packet.length - 12;
      head[0] ^= packet[0];
      head[1] ^= packet[1];
      head[2] ^= length >> 8;
      head[3] ^= length & 255;
      for (let i = 4; i < 8; i++) head[i] ^= packet[i];
      for (let i = 0; i < length; i++) body[i] ^= packet[12 + i];
    }
    const length = head[2] << 8 | head[3];
    const out = new Uint8Array(12 + length);
    out.set(head);
    out[0] = out[0] & 0x3f | 0x80;
    const view = new DataView(out.buffer);
    view.setUint16(2, sequence);
    view.setUint32(8, this.ssrc);
    out.set(body.subarray(0, length), 12);
    return out;
  }
}
