import { isIPv6 } from "node:net";
import { RTCDtlsTransport } from "werift";
import type { Transport, TransportOptions, ViewerTransport } from "../../media/stages.ts";
import { logger } from "../../system/log.ts";
import { createPeer, hostAddresses, type Peer } from "./peer.ts";
import { UdpMux } from "./udp_mux.ts";
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
 * All viewers of the session share one port (see {@linkcode UdpMux}). One port for all sessions of
 * a node is possible on Linux only with a process that owns the port and hands each new remote
 * address to a session's connected SO_REUSEPORT socket; sessions being processes of their own that
 * survive their agent, this is not done.
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
  const [mux] = await Promise.all([
    UdpMux.open(options.udpPorts, addresses.some((address) => isIPv6(address))),
    prepareCertificate(RTCDtlsTransport),
  ]);
  return new WebRtcTransport(options, mux, addresses);
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
    private readonly mux: UdpMux,
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
    await this.mux.close();
  }

  #newPeer(): Peer {
    return createPeer(this.mux, this.addresses, this.options.iceServers);
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
