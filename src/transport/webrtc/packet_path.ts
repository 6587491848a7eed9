import type { Buffer } from "node:buffer";
import {
  type ExtensionIds,
  MAX_HEADER_BYTES,
  type RtpPacket,
  writeRtpHeader,
} from "../rtp/packet.ts";
import type { MediaSession } from "./werift_internals.ts";

/** Encrypts packets and puts them on the wire. */
export interface PacketPath {
  readonly kind: "plain" | "fast";
  /**
   * Sends packets in order and returns their bytes on the wire (UDP payload). Never throws and never
   * waits: what the kernel does not take is lost like any other packet.
   */
  send(packets: RtpPacket[]): number;
  close(): void;
}

/** By werift: works with any SRTP profile and any candidate, TURN included. */
export class PlainPacketPath implements PacketPath {
  readonly kind = "plain";
  readonly #header = new Uint8Array(MAX_HEADER_BYTES);

  constructor(
    private readonly session: MediaSession,
    private readonly ids: ExtensionIds,
    private readonly transmit: (datagram: Buffer) => void,
  ) {}

  send(packets: RtpPacket[]): number {
    let bytes = 0;
    for (const packet of packets) {
      const length = writeRtpHeader(this.#header, 0, packet, this.ids);
      const datagram = this.session.encryptRtp(
        this.#header.subarray(0, length),
        packet.payload,
        packet.ssrc,
        packet.extendedSequence,
      );
      this.transmit(datagram);
      bytes += datagram.length;
    }
    return bytes;
  }

  close(): void {}
}
