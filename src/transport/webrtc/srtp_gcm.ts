/**
 * SRTP with AEAD_AES_128_GCM by libcrypto, for sending.
 * Source: RFC 7714 sections 8 and 9, RFC 3711 section 4.3 (key derivation).
 */
import { createCipheriv } from "node:crypto";
import { EVP_CTRL_AEAD_GET_TAG, libcrypto } from "../../../ffi/libcrypto.ts";

export const TAG_BYTES = 16;
const LABEL_ENCRYPTION = 0;
const LABEL_SALT = 2;

/** AES-CM key derivation with a key derivation rate of 0 (RFC 3711 section 4.3.1). */
export function deriveSessionKey(
  masterKey: Uint8Array,
  masterSalt: Uint8Array,
  label: number,
  bytes: number,
): Uint8Array<ArrayBuffer> {
  // The 96-bit salt of GCM is padded on the right to 112 bits (RFC 7714 section 11).
  const counter = new Uint8Array(16);
  counter.set(masterSalt.subarray(0, 14));
  counter[7] ^= label;
  const cipher = createCipheriv("aes-128-ctr", masterKey, counter);
  return Uint8Array.from(cipher.update(new Uint8Array(bytes)));
}

/** One sending direction's cipher. Not for two threads. */
export class SrtpGcmSender {
  readonly #library = libcrypto();
  readonly #context: Deno.PointerValue;
  readonly #salt: Uint8Array;
  readonly #nonce = new Uint8Array(12);
  readonly #written = new Uint8Array(4);
  readonly #final = new Uint8Array(16);

  /** Throws where OpenSSL 3 is missing or refuses the key. */
  constructor(masterKey: Uint8Array, masterSalt: Uint8Array) {
    const library = this.#library;
    const key = deriveSessionKey(masterKey, masterSalt, LABEL_ENCRYPTION, 16);
    this.#salt = deriveSessionKey(masterKey, masterSalt, LABEL_SALT, 12);
    this.#context = library.EVP_CIPHER_CTX_new();
    const set = library.EVP_EncryptInit_ex(
      this.#context,
      library.EVP_aes_128_gcm(),
      null,
      key,
      null,
    );
    if (set !== 1) throw new Error("expected libcrypto to take an AES-128-GCM key");
  }

  /**
   * Protects the packet whose header lies at `offset` of `target`: encrypts `payload` behind it and
   * adds the tag. Returns the packet's length. `target` needs 16 bytes more than header and payload.
   */
  protect(
    target: Uint8Array<ArrayBuffer>,
    offset: number,
    headerBytes: number,
    payload: Uint8Array,
    ssrc: number,
    extendedSequence: number,
  ): number {
    const library = this.#library;
    const context = this.#context;
    this.#setNonce(ssrc, extendedSequence);
    const start = offset + headerBytes;
    const end = start + payload.length;
    const done = library.EVP_EncryptInit_ex(context, null, null, null, this.#nonce) +
      library.EVP_EncryptUpdate(
        context,
        null,
        this.#written,
        target.subarray(offset, start),
        headerBytes,
      ) +
      library.EVP_EncryptUpdate(
        context,
        target.subarray(start, end),
        this.#written,
        payload as Uint8Array<ArrayBuffer>,
        payload.length,
      ) +
      library.EVP_EncryptFinal_ex(context, this.#final, this.#written) +
      library.EVP_CIPHER_CTX_ctrl(
        context,
        EVP_CTRL_AEAD_GET_TAG,
        TAG_BYTES,
        target.subarray(end, end + TAG_BYTES),
      );
    // A packet that is not encrypted must never leave.
    if (done !== 5) throw new Error("libcrypto failed to encrypt a packet");
    return headerBytes + payload.length + TAG_BYTES;
  }

  close(): void {
    this.#library.EVP_CIPHER_CTX_free(this.#context);
  }

  /** 16 zero bits, SSRC, rollover counter, sequence number, all XOR the salt (RFC 7714 section 8.1). */
  #setNonce(ssrc: number, extendedSequence: number): void {
    const salt = this.#salt;
    const nonce = this.#nonce;
    const rollovers = Math.floor(extendedSequence / 65536);
    nonce[0] = salt[0];
    nonce[1] = salt[1];
    nonce[2] = salt[2] ^ ssrc >>> 24;
    nonce[3] = salt[3] ^ ssrc >>> 16;
    nonce[4] = salt[4] ^ ssrc >>> 8;
    nonce[5] = salt[5] ^ ssrc;
    nonce[6] = salt[6] ^ rollovers >>> 24;
    nonce[7] = salt[7] ^ rollovers >>> 16;
    nonce[8] = salt[8] ^ rollovers >>> 8;
    nonce[9] = salt[9] ^ rollovers;
    nonce[10] = salt[10] ^ extendedSequence >> 8;
    nonce[11] = salt[11] ^ extendedSequence;
  }
}
