import { isIPv6 } from "node:net";
import { RTCDtlsTransport } from "werift";
import type { Transport, TransportOptions, ViewerTransport } from "../../media/stages.ts";
import { logger } from "../../system/log.ts";
import { hostAddresses } from "./host_addresses.ts";
import { createPeer, type Peer } from "./peer.ts";
import { OwnPort } from "./own_port.ts";
import { SharedPort } from "./shared_port.ts";
import type { ViewerPort } from "./viewer_port.ts";
import { prepareCertificate } from "./werift_internals.ts";
import { WebRtcViewer } from "./viewer.ts";

const log = logger("transport");

/** Settings of this implementation. */
export interface WebRtcOptions {
  /** False: never send beside the runtime (libcrypto, UDP segmentation). Default true. */
  fastPath?: boolean;
}

/**
 * Opens the session's UDP port and prepares the first offer.
 *
 * With `sharedPort` that is the node's one port (see {@linkcode SharedPort}), else, or where it
 * cannot be had, one of the session's own. All viewers of the session use it.
 *
 * Throws where no port of `udpPorts` is free, or where the bitrates make no sense.
 */
export async function createTransport(
  options: TransportOptions & WebRtcOptions,
): Promise<Transport> {
  const { startBitrate, maxBitrate } = options;
  if (!(startBitrate > 0) || !(maxBitrate >= startBitrate)) {
    throw new RangeError(
      `expected 0 < startBitrate ≤ maxBitrate, got ${startBitrate} and ${maxBitrate}`,
    );
  }
  const addresses = hostAddresses(options.iceAddresses);
  prepareCertificate(RTCDtlsTransport);
  const udp = await openPort(options, addresses.some((address) => isIPv6(address)));
  return new WebRtcTransport(options, udp, addresses);
}

async function openPort(options: TransportOptions, ipv6: boolean): Promise<ViewerPort> {
  const { sharedPort, udpPorts } = options;
  if (sharedPort) {
    try {
      return await SharedPort.open({ ...sharedPort, ipv6 });
    } catch (error) {
      log.warn("the node's UDP port cannot be shared, this session takes one of its own", {
        port: sharedPort.port,
        error,
      });
    }
  }
  return await OwnPort.open(udpPorts, ipv6);
}

/**
 * Makes the certificate ahead of {@linkcode createTransport}, and a first offer that nobody gets:
 * the second is made in a fraction of the time.
 */
export async function prepareTransport(): Promise<void> {
  try {
    const transport = await createTransport({
      iceServers: [],
      iceAddresses: ["127.0.0.1"],
      startBitrate: 1e6,
      maxBitrate: 1e6,
    });
    await transport.viewer().offer();
    await transport.close();
  } catch (error) {
    // The session's own will fail for the same reason, and say so to the player.
    log.debug("the transport could not be prepared", { error });
  }
}

class WebRtcTransport implements Transport {
  readonly #viewers = new Set<WebRtcViewer>();
  #spare: Peer | undefined;
  #refill: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(
    private readonly options: TransportOptions & WebRtcOptions,
    private readonly udp: ViewerPort,
    private readonly addresses: string[],
  ) {
    this.#prepare();
  }

  viewer(): ViewerTransport {
    if (this.#closed) throw new Error("expected an open transport, got a closed one");
    const peer = this.#spare ?? this.#newPeer();
    this.#spare = undefined;
    // Not in the way of the viewer that is joining.
    this.#refill ??= setTimeout(() => this.#prepare(), 1000);
    const viewer: WebRtcViewer = new WebRtcViewer({
      peer,
      startBitrate: this.options.startBitrate,
      maxBitrate: this.options.maxBitrate,
      fastPath: this.options.fastPath ?? true,
      onClosed: () => this.#viewers.delete(viewer),
    });
    this.#viewers.add(viewer);
    return viewer;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#refill);
    const spare = this.#spare;
    this.#spare = undefined;
    await Promise.allSettled([
      ...[...this.#viewers].map((viewer) => viewer.close()),
      spare?.close(),
    ]);
    await this.udp.close();
  }

  #newPeer(): Peer {
    return createPeer(this.udp, this.addresses, this.options.iceServers);
  }

  #prepare(): void {
    this.#refill = undefined;
    if (this.#closed || this.#spare) return;
    const spare = this.#newPeer();
    this.#spare = spare;
    spare.offerSdp.catch((error) => {
      if (this.#spare === spare) this.#spare = undefined;
      if (!this.#closed) log.error("preparing an offer failed", { error });
    });
  }
}
