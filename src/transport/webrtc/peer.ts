/** A werift peer connection that offers Gamelan's streams, on the session's UDP port. */
import type { Buffer } from "node:buffer";
import { isIPv6 } from "node:net";
import {
  Candidate,
  candidateFoundation,
  candidatePriority,
  type Connection,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RTCRtpHeaderExtensionParameters,
  serverReflexiveCandidate,
  type StunProtocol,
  useFIR,
  useNACK,
  usePLI,
  useREMB,
  useTWCC,
} from "werift";
import { logger } from "../../system/log.ts";
import type { IceServer } from "../../protocol/session.ts";
import { MAX_CONTROL_BYTES } from "../../protocol/control.ts";
import { AUDIO_LEVEL_URI, PLAYOUT_DELAY_URI, TRANSPORT_CC_URI } from "../rtp/packet.ts";
import { withFlexFec } from "./fec_offer.ts";
import {
  addProtocol,
  announceCandidate,
  deliver,
  iceConnection,
  ignoreRepeatedHandshakes,
  isAuthenticated,
  prefixUsernameFragment,
  replaceGathering,
  stunProtocolOn,
} from "./werift_internals.ts";
import type { PortUser, ViewerPort } from "./viewer_port.ts";

const log = logger("transport.ice");

/** RTP payload types of the offer; an answer uses the same numbers (RFC 3264 section 6.1). */
export const PAYLOAD_TYPE = { red: 63, opus: 111, multiopus: 112, h264: 102, rtx: 103 } as const;

/**
 * Constrained baseline in level 5.2: Chromium and Firefox take any level of a profile that they
 * know, and with asymmetry allowed the sender may use what it offers (RFC 6184 section 8.1).
 */
const H264_PARAMETERS = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034";
const OPUS_PARAMETERS = "minptime=5;useinbandfec=1;stereo=1;sprop-stereo=1";
/**
 * 5.1 as libwebrtc names it (api/audio_codecs/opus/audio_decoder_multi_channel_opus_config.h): Opus
 * multistream with the layout of libopus's mapping family 1, played in the order of WAVE files.
 */
const MULTIOPUS_PARAMETERS =
  "channel_mapping=0,1,4,5,2,3;coupled_streams=2;minptime=5;num_streams=4;useinbandfec=1";

function mediaCodecs() {
  const feedback = [useTWCC(), useNACK(), usePLI(), useFIR(), useREMB()];
  return {
    video: [
      new RTCRtpCodecParameters({
        mimeType: "video/H264",
        clockRate: 90000,
        payloadType: PAYLOAD_TYPE.h264,
        rtcpFeedback: feedback,
        parameters: H264_PARAMETERS,
      }),
      new RTCRtpCodecParameters({
        mimeType: "video/rtx",
        clockRate: 90000,
        payloadType: PAYLOAD_TYPE.rtx,
        parameters: `apt=${PAYLOAD_TYPE.h264}`,
      }),
    ],
    audio: [
      new RTCRtpCodecParameters({
        mimeType: "audio/opus",
        clockRate: 48000,
        channels: 2,
        payloadType: PAYLOAD_TYPE.opus,
        rtcpFeedback: [useTWCC()],
        parameters: OPUS_PARAMETERS,
      }),
      new RTCRtpCodecParameters({
        mimeType: "audio/red",
        clockRate: 48000,
        channels: 2,
        payloadType: PAYLOAD_TYPE.red,
        parameters: `${PAYLOAD_TYPE.opus}/${PAYLOAD_TYPE.opus}`,
      }),
      // Last: who takes it hears 5.1, and answers with it only then.
      new RTCRtpCodecParameters({
        mimeType: "audio/multiopus",
        clockRate: 48000,
        channels: 6,
        payloadType: PAYLOAD_TYPE.multiopus,
        rtcpFeedback: [useTWCC()],
        parameters: MULTIOPUS_PARAMETERS,
      }),
    ],
  };
}

/**
 * The transport-wide number is one object in both lists: werift numbers extensions in place, and
 * bundled sections must agree on an extension's id (RFC 8843 section 9). Chromium takes only the
 * first of two and then sends no feedback for the other section.
 */
function headerExtensions() {
  const extension = (uri: string) => new RTCRtpHeaderExtensionParameters({ uri });
  const transportCc = extension(TRANSPORT_CC_URI);
  return {
    audio: [extension(AUDIO_LEVEL_URI), transportCc],
    video: [extension(PLAYOUT_DELAY_URI), transportCc],
  };
}

/** Where a connection's datagrams come from and go to. */
export interface RemoteAddress {
  address: string;
  port: number;
}

/**
 * A peer connection with its offer made, and its end on the UDP port. `onDatagram` sees the
 * arrival of everything that is from this viewer.
 */
export class Peer implements PortUser {
  onCandidate: (candidate: string) => void = () => {};
  onDatagram: (from: RemoteAddress) => void = () => {};
  onMedia: (packet: Buffer) => void = () => {};
  /** Size of each DTLS record, which is what the data channels come in. */
  onDtls: (bytes: number) => void = () => {};
  readonly usernameFragment: string;
  readonly offerSdp: Promise<string>;
  readonly connection: Connection;
  /** Of the video's parity stream. */
  readonly paritySsrc = crypto.getRandomValues(new Uint32Array(1))[0];
  readonly #password: string;
  readonly #protocols = new Map<4 | 6, StunProtocol>();
  readonly #startRelays: () => void;
  #released = false;
  #early: string[] = [];

  constructor(
    readonly rtc: RTCPeerConnection,
    private readonly udp: ViewerPort,
    private readonly addresses: string[],
    private readonly iceServers: IceServer[],
  ) {
    ignoreRepeatedHandshakes(rtc.dtlsTransports[0]);
    this.connection = iceConnection(rtc);
    prefixUsernameFragment(this.connection, udp.tag);
    this.usernameFragment = this.connection.localUsername;
    this.#password = this.connection.localPassword;
    this.#startRelays = replaceGathering(this.connection, () => this.#gatherHosts());
    this.connection.onIceCandidate.subscribe((candidate) => this.#announce(candidate.toSdp()));
    this.connection.onData.subscribe((data) => {
      // RFC 7983: 128–191 is RTP and RTCP.
      if (data[0] >= 128 && data[0] <= 191) this.onMedia(data);
      else this.onDtls(data.length);
    });
    udp.attach(this);
    this.offerSdp = this.#makeOffer();
  }

  async #makeOffer(): Promise<string> {
    await this.rtc.setLocalDescription(await this.rtc.createOffer());
    const [video] = this.rtc.getTransceivers();
    const sdp = finished(this.rtc.localDescription!.sdp);
    return withFlexFec(sdp, video.sender.ssrc, this.paritySsrc);
  }

  /** A viewer has taken this peer: from now on candidates go out, and STUN and TURN are asked. */
  release(): void {
    this.#released = true;
    for (const candidate of this.#early) this.onCandidate(candidate);
    this.#early = [];
    this.#startRelays();
    this.#gatherReflexive();
  }

  authenticates(request: Buffer): boolean {
    return isAuthenticated(request, this.#password);
  }

  awaits(transactionId: string): boolean {
    for (const protocol of this.#protocols.values()) {
      if (protocol.transactionsKeys.includes(transactionId)) return true;
    }
    return false;
  }

  receive(datagram: Buffer, family: 4 | 6, address: string, port: number): void {
    this.onDatagram({ address, port });
    const protocol = this.#protocols.get(family);
    if (protocol) deliver(protocol, datagram, [address, port]);
  }

  /** Where packets go that leave by the session's UDP port; undefined: nowhere yet, or through TURN. */
  get directTarget(): RemoteAddress | undefined {
    const pair = this.connection.nominated;
    if (!pair || pair.protocol.type !== "stun") return undefined;
    return { address: pair.remoteAddr[0], port: pair.remoteAddr[1] };
  }

  descriptor({ address, port }: RemoteAddress): number | undefined {
    return this.udp.descriptor(address, port);
  }

  async close(): Promise<void> {
    // Its goodbye still leaves by the port.
    await this.rtc.close().finally(() => this.udp.detach(this));
  }

  #announce(candidate: string): void {
    const line = candidate.startsWith("candidate:") ? candidate : `candidate:${candidate}`;
    if (this.#released) this.onCandidate(line);
    else this.#early.push(line);
  }

  #gatherHosts(): void {
    let preference = 65535;
    for (const address of this.addresses) {
      const family = isIPv6(address) ? 6 : 4;
      if (!this.udp.has(family)) continue;
      const candidate = new Candidate(
        candidateFoundation("host", "udp", address),
        1,
        "udp",
        candidatePriority("host", { transport: "udp", localPreference: preference-- }),
        address,
        this.udp.port,
        "host",
        undefined,
        undefined,
        undefined,
        this.connection.generation,
        this.usernameFragment,
      );
      // One socket end a family: with sockets bound to all addresses, checks from further ones
      // would only be repeats.
      if (this.#protocols.has(family)) announceCandidate(this.connection, candidate);
      else this.#addEnd(family, candidate);
    }
  }

  #addEnd(family: 4 | 6, candidate: Candidate): void {
    const { udp } = this;
    const protocol = stunProtocolOn({
      type: "udp",
      closed: false,
      address: { address: candidate.host, port: udp.port },
      addressFamily: family,
      onData: () => {},
      send: (data, to) => {
        if (to) udp.send(this, data, to[0], to[1]);
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
    this.#protocols.set(family, protocol);
    addProtocol(this.connection, protocol, candidate);
  }

  #gatherReflexive(): void {
    const protocol = this.#protocols.get(4);
    if (!protocol) return;
    for (const [host, port] of stunServers(this.iceServers)) {
      serverReflexiveCandidate(protocol, [host, port]).then(
        (candidate) => {
          if (candidate) announceCandidate(this.connection, candidate);
        },
        (error) => log.info("STUN server does not answer", { server: `${host}:${port}`, error }),
      );
    }
  }
}

function stunServers(servers: IceServer[]): [string, number][] {
  const found: [string, number][] = [];
  for (const url of servers.flatMap((server) => server.urls)) {
    const match = /^stun:(\[[^\]]+\]|[^:?]+)(?::(\d+))?/i.exec(url.trim());
    if (match) found.push([match[1].replace(/^\[|\]$/g, ""), Number(match[2] ?? 3478)]);
  }
  return found;
}

/**
 * The offer as werift writes it, without candidates: they trickle, and one in both places would be
 * checked twice. And with the channels of 5.1: werift writes no more than two.
 */
function finished(sdp: string): string {
  return sdp.split("\r\n").filter((line) =>
    !line.startsWith("a=candidate:") && line !== "a=end-of-candidates"
  ).join("\r\n").replace("multiopus/48000", "multiopus/48000/6");
}

/** A new peer with an offer on its way. `addresses`: for host candidates. */
export function createPeer(
  udp: ViewerPort,
  addresses: string[],
  iceServers: IceServer[],
): Peer {
  const rtc = new RTCPeerConnection({
    iceServers: iceServers.map((server) => ({
      urls: server.urls,
      username: server.username,
      credential: server.credential,
    })),
    bundlePolicy: "max-bundle",
    codecs: mediaCodecs(),
    headerExtensions: headerExtensions(),
    maxMessageSize: MAX_CONTROL_BYTES,
  });
  rtc.addTransceiver("video", { direction: "sendonly" });
  rtc.addTransceiver("audio", { direction: "sendrecv" });
  // The page opens the channels it uses; this one, which never carries anything, puts the data
  // channel section into the offer.
  rtc.createDataChannel("offer", { negotiated: true, id: 1022 });
  return new Peer(rtc, udp, addresses, iceServers);
}
