/**
 * Reads the syntax elements of an H.264 NAL unit (Rec. ITU-T H.264, 7.2 and 9.1).
 *
 * Emulation prevention bytes are taken out first. Reading past the end throws RangeError.
 */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  /** @param payload the NAL unit's bytes after its header byte */
  constructor(payload: Uint8Array) {
    this.#bytes = withoutEmulationPrevention(payload);
  }

  /** u(1) */
  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** u(n) of up to 32 bits. */
  bits(count: number): number {
    if (this.#position + count > this.#bytes.length * 8) {
      throw new RangeError(`expected ${count} more bits, the NAL unit ends`);
    }
    let value = 0;
    for (let i = 0; i < count; i++, this.#position++) {
      const bit = this.#bytes[this.#position >> 3] >> (7 - (this.#position & 7)) & 1;
      value = value * 2 + bit;
    }
    return value;
  }

  /** ue(v) */
  unsigned(): number {
    let zeros = 0;
    while (!this.flag()) {
      if (++zeros > 31) throw new RangeError("expected an Exp-Golomb code of at most 63 bits");
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v) */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2 + 0;
  }
}

function withoutEmulationPrevention(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(payload.length);
  let length = 0;
  let zeros = 0;
  for (const byte of payload) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}
