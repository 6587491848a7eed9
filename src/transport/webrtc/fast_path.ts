import {
  EAGAIN,
  ECONNREFUSED,
  errno,
  errnoText,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
} from "../../../ffi/libc.ts";
import {
  MAX_SEGMENTS,
  MAX_SEND_BYTES,
  type SegmentedSend,
  segmentedSend,
} from "../../../ffi/udp.ts";
import { logger } from "../../system/log.ts";
import { socketAddressOf } from "../../system/udp/address.ts";
import {
  type ExtensionIds,
  MAX_HEADER_BYTES,
  type RtpPacket,
  writeRtpHeader,
} from "../rtp/packet.ts";
import type { PacketPath } from "./packet_path.ts";
import type { RemoteAddress } from "./peer.ts";
import { SrtpGcmSender, TAG_BYTES } from "./srtp_gcm.ts";

const log = logger("transport.fast-path");
/** IANA DTLS-SRTP protection profile of AEAD_AES_128_GCM. */
export const AEAD_AES_128_GCM = 7;
/** IPv6 leaves a little less than IPv4. */
const SLAB_BYTES = MAX_SEND_BYTES - 20;

export interface FastPathOptions {
  masterKey: Uint8Array;
  masterSalt: Uint8Array;
  ids: ExtensionIds;
  /** Descriptor of the UDP socket that sends there. */
  descriptor: (target: RemoteAddress) => number | undefined;
  /** Where packets go now; undefined where only werift can send there (TURN). */
  target: () => RemoteAddress | undefined;
  /** Takes what this path cannot send. */
  fallback: PacketPath;
}

/**
 * Encrypts by libcrypto into one buffer and hands runs of equal packets to the kernel by one call
 * (UDP generic segmentation offload). Costs about a tenth of the plain path for each packet.
 */
export class FastPacketPath implements PacketPath {
  readonly kind = "fast";
  readonly #cipher: SrtpGcmSender;
  readonly #slab = new Uint8Array(SLAB_BYTES);
  #segments = true;
  #route: { address: string; port: number; descriptor: number; send: SegmentedSend } | undefined;
  /** Packets the kernel did not take since its queue was full. */
  refused = 0;

  /** Throws where libcrypto is not there. */
  constructor(private readonly options: FastPathOptions) {
    this.#cipher = new SrtpGcmSender(options.masterKey, options.masterSalt);
  }

  send(packets: RtpPacket[]): number {
    const route = this.#findRoute();
    if (!route) return this.options.fallback.send(packets);
    let total = 0;
    // The run that waits in the slab.
    let runBytes = 0;
    let runCount = 0;
    let segment = 0;
    const flush = () => {
      if (runCount > 0) this.#write(route, runBytes, segment, runCount);
      runBytes = runCount = segment = 0;
    };
    for (const packet of packets) {
      const most = MAX_HEADER_BYTES + packet.payload.length + TAG_BYTES;
      if (runCount === MAX_SEGMENTS || runBytes + most > SLAB_BYTES) flush();
      const length = this.#protect(packet, runBytes);
      total += length;
      if (segment !== 0 && length > segment) {
        // Only the last of a run may differ, and only be shorter.
        const moved = runBytes;
        flush();
        this.#slab.copyWithin(0, moved, moved + length);
      }
      if (segment === 0) segment = length;
      runBytes += length;
      runCount++;
      if (length < segment || !this.#segments) flush();
    }
    flush();
    return total;
  }

  close(): void {
    this.#cipher.close();
    this.#route = undefined;
  }

  #protect(packet: RtpPacket, offset: number): number {
    const header = writeRtpHeader(this.#slab, offset, packet, this.options.ids);
    return this.#cipher.protect(
      this.#slab,
      offset,
      header,
      packet.payload,
      packet.ssrc,
      packet.extendedSequence,
    );
  }

  #findRoute() {
    const target = this.options.target();
    if (!target) return undefined;
    const { address, port } = target;
    // Asked each time: the number of a closed socket may be another file's by now.
    const descriptor = this.options.descriptor(target);
    if (descriptor === undefined) return undefined;
    const known = this.#route;
    if (known?.address === address && known.port === port && known.descriptor === descriptor) {
      return known;
    }
    const name = socketAddressOf(address, port);
    this.#route = { address, port, descriptor, send: segmentedSend(name, this.#slab) };
    return this.#route;
  }

  #write(
    route: { descriptor: number; send: SegmentedSend },
    bytes: number,
    segment: number,
    count: number,
  ): void {
    route.send.set(0, bytes, segment);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const send = () => Number(libc.sendmsg(route.descriptor, route.send.header, flags)) >= 0;
    if (send()) return;
    let code = errno();
    if (code === ECONNREFUSED) {
      // A connected socket tells of an earlier datagram that found nobody; this one was not sent.
      if (send()) return;
      code = errno();
    }
    if (count > 1 && code !== EAGAIN && this.#segments) {
      // Old kernels and some devices cannot segment (EINVAL, EIO): the packets go one by one.
      this.#segments = false;
      log.info("no UDP segmentation here", { error: errnoText(code) });
      for (let at = 0; at < bytes; at += segment) {
        route.send.set(at, Math.min(segment, bytes - at), segment);
        libc.sendmsg(route.descriptor, route.send.header, flags);
      }
      return;
    }
    this.refused += count;
  }
}
