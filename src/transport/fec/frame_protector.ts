import type { ExtensionIds, RtpPacket } from "../rtp/packet.ts";
import { MAX_GROUP, writeFlexFec } from "./flexfec.ts";
import { parityMasks } from "./parity_masks.ts";
import { parityFor } from "./protection.ts";

/** Besides its payload: RTP header and extensions, FlexFEC header, authentication tag, bytes. */
const OVERHEAD = 80;

export interface FrameProtectorOptions {
  /** Of the parity's own stream. */
  ssrc: number;
  payloadType: number;
  /** Ids of the protected stream's header extensions. */
  ids: ExtensionIds;
}

/** Makes the parity packets of a video stream's frames. No clock and no socket. */
export class FrameProtector {
  #sequence = crypto.getRandomValues(new Uint16Array(1))[0] & 0x7fff;

  constructor(private readonly options: FrameProtectorOptions) {}

  /**
   * Parity for the packets of one frame; none where the path loses nothing.
   *
   * @param packets all of the frame's packets, in order
   * @param loss of the path, 0–1
   * @param allowedBytes that the parity may take on the path
   * @param nextTransportSequence gives each packet its transport-wide number
   */
  protect(
    packets: RtpPacket[],
    loss: number,
    allowedBytes: number,
    nextTransportSequence: () => number,
  ): RtpPacket[] {
    const groups = Math.ceil(packets.length / MAX_GROUP);
    const size = Math.ceil(packets.length / groups);
    const out: RtpPacket[] = [];
    for (let from = 0; from < packets.length; from += size) {
      const group = packets.slice(from, from + size);
      const longest = Math.max(...group.map(({ payload }) => payload.length));
      const affordable = Math.floor(allowedBytes / groups / (longest + OVERHEAD));
      const parity = Math.min(parityFor(group.length, loss), affordable);
      if (parity === 0) continue;
      const masks = parityMasks(group.length, parity);
      for (const payload of writeFlexFec(group, masks, parity, this.options.ids)) {
        out.push(this.#packet(payload, group[0].timestamp, nextTransportSequence()));
      }
    }
    return out;
  }

  #packet(payload: Uint8Array, timestamp: number, transportSequence: number): RtpPacket {
    const { ssrc, payloadType } = this.options;
    return {
      payloadType,
      marker: false,
      extendedSequence: this.#sequence++,
      timestamp,
      ssrc,
      transportSequence,
      video: false,
      payload,
    };
  }
}
