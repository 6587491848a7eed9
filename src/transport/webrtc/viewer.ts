import type { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { CandidatePairState } from "werift";
import { monotonicMs } from "../../media/clock.ts";
import type { EncodedAudio, EncodedFrame } from "../../media/encoded.ts";
import type { PathEstimate, ViewerTransport } from "../../media/stages.ts";
import type { ControlFromViewer, ControlToViewer } from "../../protocol/control.ts";
import type { IceCandidate } from "../../protocol/signal.ts";
import { logger } from "../../system/log.ts";
import { readRtp } from "../rtp/packet.ts";
import { readRed } from "../rtp/red.ts";
import { ViewerChannels } from "./channels.ts";
import { AEAD_AES_128_GCM, FastPacketPath } from "./fast_path.ts";
import { MediaSender } from "./media_sender.ts";
import { type Negotiated, readAnswer } from "./negotiated.ts";
import { type PacketPath, PlainPacketPath } from "./packet_path.ts";
import { PAYLOAD_TYPE, type Peer, type RemoteAddress } from "./peer.ts";
import { type MediaSession, selectPair, takeMediaPath } from "./werift_internals.ts";

const log = logger("transport.viewer");

/** A page that took an offer has this long to connect, ms. */
const CONNECT_MS = 30_000;
/**
 * Silence after which a viewer counts as lost, ms. While video flows it reports many times a second;
 * without, browsers still check the path every 2.5 s (RFC 7675 asks for 4 to 6).
 */
const LOST_AFTER_MS = 6_000;
const LOST_WHILE_SENDING_MS = 2_500;
/** The viewer is heard on another path, and on the chosen one not for this long, ms: it moved. */
const MOVED_AFTER_MS = 1_000;
/** After this the viewer does not come back on this connection, ms (RFC 7675 section 5.1). */
const CLOSED_AFTER_MS = 30_000;
/**
 * Candidates taken from one viewer: every one is checked against each of ours, with packets to an
 * address that the viewer chooses.
 */
const MAX_CANDIDATES = 64;
/** Longest Opus packet (RFC 6716 section 3.4: 1275 bytes a frame). */
const MAX_OPUS_BYTES = 1500;

export interface ViewerOptions {
  peer: Peer;
  startBitrate: number;
  maxBitrate: number;
  /** Send by libcrypto and segmented sends where the viewer's SRTP profile allows it. */
  fastPath: boolean;
  onClosed: () => void;
}

type State = "new" | "connected" | "lost" | "closed";

/**
 * Candidate lines that werift is better off without. The end of candidates makes it give up where
 * only a peer-reflexive pair can work. Names, such as browsers hide their addresses behind (RFC 8828),
 * would be looked up, and are not needed: the checks they send tell the address.
 */
function isUnwanted(line: string): boolean {
  if (line === "a=" || line === "a=end-of-candidates") return true;
  if (!line.startsWith("a=candidate:")) return false;
  // RFC 8839 section 5.1: foundation, component, transport, priority, address.
  return isIP(line.split(/\s+/)[4] ?? "") === 0;
}

/** One page over WebRTC. */
export class WebRtcViewer implements ViewerTransport {
  onCandidate: (candidate: IceCandidate) => void = () => {};
  onState: (state: "connected" | "lost" | "closed") => void = () => {};
  onInput: (record: Uint8Array) => void = () => {};
  onControl: (message: ControlFromViewer) => void = () => {};
  onMicrophone: (packet: Uint8Array) => void = () => {};
  onIdrNeeded: () => void = () => {};
  onEstimate: (estimate: PathEstimate) => void = () => {};
  onSent: (rtpTimestamp: number, sentMs: number, bytes: number) => void = () => {};

  readonly #channels: ViewerChannels;
  readonly #watch: ReturnType<typeof setInterval>;
  #state: State = "new";
  #offeredMs = Infinity;
  #heardMs = 0;
  /** The last other address than the chosen pair's, and when. */
  #elsewhere: { from: RemoteAddress; ms: number } | undefined;
  #heardChosenMs = 0;
  #sentVideoMs = -Infinity;
  #negotiated: Negotiated | undefined;
  #session: MediaSession | undefined;
  #sender: MediaSender | undefined;
  #microphoneTimestamp: number | undefined;
  #candidates = 0;

  constructor(private readonly options: ViewerOptions) {
    const { peer } = options;
    const [dtls] = peer.rtc.dtlsTransports;
    this.#channels = new ViewerChannels(peer.rtc);
    this.#channels.onInput = (record) => this.onInput(record);
    this.#channels.onControl = (message) => this.onControl(message);
    this.#channels.onViolation = (reason) => this.#disconnect(reason);
    takeMediaPath(dtls, (session) => this.#start(session));
    dtls.onStateChange.subscribe((state) => {
      if (state === "closed" || state === "failed") this.#end();
    });
    peer.rtc.connectionStateChange.subscribe((state) => {
      if (state === "failed" || state === "closed") this.#end();
    });
    peer.onDatagram = (from) => this.#heard(from);
    peer.onMedia = (packet) => this.#received(packet);
    peer.onDtls = (bytes) => this.#channels.seen(bytes);
    this.#watch = setInterval(() => this.#check(), 250);
  }

  /** How media leaves; undefined before the viewer is connected. */
  get pathKind(): "plain" | "fast" | undefined {
    return this.#sender?.pathKind;
  }

  /** The newest estimate; undefined before the viewer is connected. */
  get estimate(): PathEstimate | undefined {
    return this.#sender?.estimate;
  }

  get hearsSurround(): boolean {
    return this.#negotiated?.surround ?? false;
  }

  get state(): State {
    return this.#state;
  }

  async offer(): Promise<string> {
    const { peer } = this.options;
    this.#offeredMs = monotonicMs();
    const sdp = await peer.offerSdp;
    peer.onCandidate = (candidate) =>
      this.onCandidate({
        candidate,
        sdpMid: "0",
        sdpMLineIndex: 0,
        usernameFragment: peer.usernameFragment,
      });
    // After the caller has passed the offer on.
    setTimeout(() => {
      if (this.#state !== "closed") peer.release();
    });
    return sdp;
  }

  async answer(sdp: string): Promise<void> {
    this.#negotiated = readAnswer(sdp);
    const lines = sdp.split(/\r?\n/).filter((line) =>
      !isUnwanted(line) && (!line.startsWith("a=candidate:") || this.#takesCandidate())
    );
    await this.options.peer.rtc.setRemoteDescription({
      type: "answer",
      sdp: lines.join("\r\n"),
    });
  }

  async addCandidate(candidate: IceCandidate): Promise<void> {
    if (isUnwanted(`a=${candidate.candidate}`) || this.#state === "closed") return;
    if (!this.#takesCandidate()) return;
    try {
      await this.options.peer.rtc.addIceCandidate({
        candidate: candidate.candidate,
        sdpMid: candidate.sdpMid ?? undefined,
        sdpMLineIndex: candidate.sdpMLineIndex ?? (candidate.sdpMid == null ? 0 : undefined),
      });
    } catch (error) {
      log.info("ICE candidate left out", { candidate: candidate.candidate, error });
    }
  }

  #takesCandidate(): boolean {
    return ++this.#candidates <= MAX_CANDIDATES;
  }

  sendVideo(frame: EncodedFrame): void {
    if (this.#state !== "connected") return;
    this.#sentVideoMs = monotonicMs();
    this.#sender?.sendVideo(frame);
  }

  sendAudio(packet: EncodedAudio): void {
    if (this.#state === "connected") this.#sender?.sendAudio(packet);
  }

  sendControl(message: ControlToViewer): void {
    if (this.#state !== "closed") this.#channels.send(message);
  }

  async close(): Promise<void> {
    this.#end();
    await this.options.peer.close();
  }

  #start(session: MediaSession): void {
    const { peer, startBitrate, maxBitrate } = this.options;
    if (!this.#negotiated || this.#state === "closed") return;
    this.#session = session;
    const [video, audio] = peer.rtc.getTransceivers();
    const sender = new MediaSender({
      path: this.#packetPath(session, this.#negotiated),
      negotiated: this.#negotiated,
      ssrc: {
        video: video.sender.ssrc,
        rtx: video.sender.rtxSsrc,
        parity: peer.paritySsrc,
        audio: audio.sender.ssrc,
      },
      cname: peer.rtc.cname,
      startBitrate,
      maxBitrate,
      sendRtcp: (packet) => this.#transmit(session.encryptRtcp(packet)),
    });
    sender.onIdrNeeded = () => this.onIdrNeeded();
    sender.onEstimate = (estimate) => this.onEstimate(estimate);
    sender.onSent = (rtpTimestamp, sentMs, bytes) => this.onSent(rtpTimestamp, sentMs, bytes);
    this.#sender = sender;
    this.#heardMs = this.#heardChosenMs = monotonicMs();
    // werift marks DTLS connected right after this call; only then does it take data.
    queueMicrotask(() => {
      this.#change("connected");
      sender.restart();
    });
  }

  #packetPath(session: MediaSession, negotiated: Negotiated): PacketPath {
    const ids = { ...negotiated.audio, ...negotiated.video };
    ids.audioLevel = negotiated.audio.audioLevel;
    const plain = new PlainPacketPath(session, ids, (datagram) => this.#transmit(datagram));
    if (!this.options.fastPath || session.profile !== AEAD_AES_128_GCM) return plain;
    const { peer } = this.options;
    try {
      return new FastPacketPath({
        masterKey: session.masterKey,
        masterSalt: session.masterSalt,
        ids,
        descriptor: (target) => peer.descriptor(target),
        // werift stops sending when consent expires (RFC 7675); so does this path.
        target: () => this.#state === "connected" ? peer.directTarget : undefined,
        fallback: plain,
      });
    } catch (error) {
      log.info("sending without libcrypto", { error });
      return plain;
    }
  }

  #transmit(datagram: Buffer): void {
    this.options.peer.connection.send(datagram).catch((error) =>
      log.debug("not sent", { error: error as Error })
    );
  }

  #heard(from: RemoteAddress): void {
    const nowMs = monotonicMs();
    this.#heardMs = nowMs;
    const chosen = this.options.peer.connection.nominated?.remoteAddr;
    if (chosen?.[0] === from.address && chosen[1] === from.port) this.#heardChosenMs = nowMs;
    else this.#elsewhere = { from, ms: nowMs };
    if (this.#state !== "lost") return;
    this.#followPath(nowMs);
    this.#change("connected");
    this.#sender?.restart();
  }

  /**
   * Goes over to the pair the viewer is heard on, where the chosen one is silent: its address
   * changed, as when a phone leaves the Wi-Fi or a router forgets its mapping. Only checked pairs
   * count, so that nobody can draw the stream elsewhere by one forged datagram.
   */
  #followPath(nowMs: number): boolean {
    const { connection } = this.options.peer;
    const elsewhere = this.#elsewhere;
    if (!elsewhere || !connection.nominated) return false;
    if (nowMs - this.#heardChosenMs < MOVED_AFTER_MS) return false;
    if (nowMs - elsewhere.ms > MOVED_AFTER_MS) return false;
    const pair = connection.candidatePairs.find((pair) =>
      pair.state === CandidatePairState.SUCCEEDED &&
      pair.remoteAddr[0] === elsewhere.from.address && pair.remoteAddr[1] === elsewhere.from.port
    );
    if (!pair || pair === connection.nominated) return false;
    log.info("viewer moved", { from: connection.nominated.remoteAddr, to: pair.remoteAddr });
    selectPair(connection, pair);
    this.#heardChosenMs = nowMs;
    return true;
  }

  #received(packet: Buffer): void {
    const session = this.#session;
    if (!session || this.#state === "closed" || packet.length < 12) return;
    try {
      // RFC 5761 section 4: RTCP packet types lie at 192–223.
      const type = packet[1];
      if (type >= 192 && type <= 223) this.#sender?.receiveRtcp(session.decryptRtcp(packet));
      else this.#receivedRtp(session.decryptRtp(packet));
    } catch (error) {
      log.debug("media packet left out", { error: error as Error });
    }
  }

  #receivedRtp(bytes: Buffer): void {
    const packet = readRtp(bytes);
    if (!packet || packet.payload.length === 0) return;
    if (packet.payloadType === PAYLOAD_TYPE.opus) {
      this.#microphone(packet.timestamp, packet.payload);
    } else if (packet.payloadType === PAYLOAD_TYPE.red) {
      for (const block of readRed(packet.payload, packet.timestamp) ?? []) {
        this.#microphone(block.timestamp, block.data);
      }
    }
  }

  /** Hands on packets in order, each once; what comes late is left to Opus' concealment. */
  #microphone(timestamp: number, data: Uint8Array): void {
    const last = this.#microphoneTimestamp;
    if (last !== undefined && ((timestamp - last) | 0) <= 0) return;
    if (data.length === 0 || data.length > MAX_OPUS_BYTES) return;
    this.#microphoneTimestamp = timestamp;
    this.onMicrophone(Uint8Array.from(data));
  }

  #check(): void {
    const nowMs = monotonicMs();
    if (this.#state === "new") {
      if (nowMs - this.#offeredMs > CONNECT_MS) this.#disconnect("did not connect in time");
      return;
    }
    if (this.#state === "connected" && this.#followPath(nowMs)) this.#sender?.restart();
    const silence = nowMs - this.#heardMs;
    const sending = nowMs - this.#sentVideoMs < 500;
    if (silence > CLOSED_AFTER_MS) this.#disconnect("was lost and did not come back");
    else if (silence > (sending ? LOST_WHILE_SENDING_MS : LOST_AFTER_MS)) this.#change("lost");
  }

  #disconnect(reason: string): void {
    if (this.#state === "closed") return;
    log.warn("viewer disconnected", { reason });
    this.close().catch((error) => log.warn("closing failed", { error }));
  }

  #end(): void {
    if (this.#state === "closed") return;
    clearInterval(this.#watch);
    this.#sender?.close();
    this.#change("closed");
    this.options.onClosed();
  }

  #change(state: "connected" | "lost" | "closed"): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.onState(state);
  }
}
