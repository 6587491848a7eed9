/**
 * One attempt at a connection to a session: a signalling WebSocket and the peer connection that it
 * negotiates (signal.ts). A link that is lost is not repaired; connection.ts makes a new one while
 * the old picture stays.
 */
import { CONTROL_CHANNEL, ControlToViewer, MOTION_CHANNEL } from "../../src/protocol/control.ts";
import type { ControlFromViewer } from "../../src/protocol/control.ts";
import type { SessionInfo, VideoMode } from "../../src/protocol/session.ts";
import { type SignalFromViewer, SignalToViewer } from "../../src/protocol/signal.ts";
import { parseJson, socketUrl } from "../state/events.ts";
import { giveUpSurround, hearsSurround, stereoAnswer, surroundAnswer } from "./sound_answer.ts";

export interface LinkEvents {
  onSession(session: SessionInfo): void;
  /** The session is out of this page's hands: ended, or moved elsewhere. */
  onBye(reason: string): void;
  /** Both data channels are open and media may flow. */
  onOpen(): void;
  onTrack(track: MediaStreamTrack, receiver: RTCRtpReceiver): void;
  onControl(message: ControlToViewer): void;
  /** The link is lost for good; called once. */
  onLost(reason: string): void;
}

/** How long a path may be silent before the link counts as lost. Short Wi-Fi gaps are ridden out. */
const DISCONNECTED_MS = 2500;
/** How long a session may take from the answer to open channels. */
const CONNECT_MS = 15000;

export class Link {
  peer: RTCPeerConnection | undefined;
  control: RTCDataChannel | undefined;
  motion: RTCDataChannel | undefined;
  #socket: WebSocket;
  #events: LinkEvents;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #connectLimit: ReturnType<typeof setTimeout> | undefined;
  #surround: boolean;
  #closed = false;
  /** Messages are handled one after the other: an offer must be applied before its candidates. */
  #queue: Promise<void> = Promise.resolve();

  constructor(sessionId: string, mode: VideoMode, events: LinkEvents) {
    this.#events = events;
    this.#socket = new WebSocket(
      socketUrl(`/api/sessions/${encodeURIComponent(sessionId)}/signal`),
    );
    this.#socket.onopen = () => this.#signal({ type: "join", mode });
    this.#socket.onmessage = (message) => {
      const parsed = SignalToViewer.safeParse(parseJson(message.data));
      if (!parsed.success) {
        console.error("unexpected signal", message.data, parsed.error);
        return;
      }
      this.#queue = this.#queue.then(() => this.#handle(parsed.data)).catch((error) =>
        this.#lose(`negotiation failed: ${error}`)
      );
    };
    this.#socket.onclose = (event) => this.#lose(event.reason || "signalling closed");
    // While the socket connects: asking the device takes a moment.
    this.#surround = hearsSurround();
  }

  get open(): boolean {
    return !this.#closed && this.control?.readyState === "open" &&
      this.motion?.readyState === "open";
  }

  /** Sends a control message; dropped where the channel is not open. */
  send(message: ControlFromViewer): void {
    if (this.control?.readyState === "open") this.control.send(JSON.stringify(message));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#silence);
    clearTimeout(this.#connectLimit);
    this.#socket.onclose = null;
    this.#socket.close();
    this.peer?.close();
  }

  #lose(reason: string): void {
    if (this.#closed) return;
    // The peer connection is left open: where only signalling broke, the picture goes on meanwhile.
    clearTimeout(this.#silence);
    clearTimeout(this.#connectLimit);
    this.#socket.onclose = null;
    this.#socket.close();
    this.#events.onLost(reason);
  }

  #signal(message: SignalFromViewer): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  async #handle(message: SignalToViewer): Promise<void> {
    if (this.#closed) return;
    switch (message.type) {
      case "session":
        this.#events.onSession(message.session);
        break;
      case "bye":
        this.#events.onBye(message.reason);
        break;
      case "offer":
        await this.#answer(message.sdp, message.iceServers as RTCIceServer[]);
        break;
      case "candidate":
        await this.peer?.addIceCandidate(message.candidate as RTCIceCandidateInit)
          .catch((error) => console.warn("candidate not taken", message.candidate, error));
        break;
    }
  }

  async #answer(sdp: string, iceServers: RTCIceServer[]): Promise<void> {
    // A second offer on the same socket renegotiates the same connection.
    const peer = this.peer ?? this.#createPeer(iceServers);
    await peer.setRemoteDescription({ type: "offer", sdp });
    for (const transceiver of peer.getTransceivers()) {
      // Sendrecv where offered, so that the microphone can be switched on without renegotiation.
      if (transceiver.receiver.track.kind === "audio") transceiver.direction = "sendrecv";
    }
    const answer = stereoAnswer((await peer.createAnswer()).sdp ?? "");
    const wanted = this.#surround ? surroundAnswer(answer, sdp) : answer;
    await peer.setLocalDescription({ type: "answer", sdp: wanted }).catch((error) => {
      // The connection is of no use any more; the next one does without.
      if (wanted !== answer) giveUpSurround();
      throw error;
    });
    this.#signal({ type: "answer", sdp: peer.localDescription!.sdp });
  }

  #createPeer(iceServers: RTCIceServer[]): RTCPeerConnection {
    const peer = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
    this.peer = peer;
    this.#connectLimit = setTimeout(() => this.#lose("no connection in time"), CONNECT_MS);
    this.control = this.#openChannel(peer, CONTROL_CHANNEL, { ordered: true });
    this.motion = this.#openChannel(peer, MOTION_CHANNEL, { ordered: false, maxRetransmits: 0 });
    this.control.onmessage = (message) => {
      const parsed = ControlToViewer.safeParse(parseJson(message.data));
      if (parsed.success) this.#events.onControl(parsed.data);
      else console.error("unexpected control message", message.data, parsed.error);
    };
    peer.onicecandidate = ({ candidate }) => {
      if (candidate) {
        this.#signal({ type: "candidate", candidate: candidate.toJSON() as Candidate });
      }
    };
    peer.ontrack = ({ track, receiver }) => {
      holdNothingBack(receiver);
      this.#events.onTrack(track, receiver);
    };
    peer.onconnectionstatechange = () => {
      clearTimeout(this.#silence);
      if (peer.connectionState === "failed") this.#lose("the path is gone");
      if (peer.connectionState === "disconnected") {
        this.#silence = setTimeout(() => this.#lose("the path is silent"), DISCONNECTED_MS);
      }
    };
    return peer;
  }

  #openChannel(peer: RTCPeerConnection, label: string, options: RTCDataChannelInit) {
    const channel = peer.createDataChannel(label, options);
    channel.binaryType = "arraybuffer";
    channel.onopen = () => {
      if (!this.open) return;
      clearTimeout(this.#connectLimit);
      this.#events.onOpen();
    };
    channel.onclose = () => this.#lose(`channel ${label} closed`);
    return channel;
  }
}

type Candidate = Extract<SignalFromViewer, { type: "candidate" }>["candidate"];

/** Asks for the shortest jitter buffer the browser offers; each browser knows one of these. */
function holdNothingBack(receiver: RTCRtpReceiver): void {
  const tuned = receiver as RTCRtpReceiver & {
    jitterBufferTarget?: number | null;
    playoutDelayHint?: number | null;
  };
  if ("jitterBufferTarget" in tuned) tuned.jitterBufferTarget = 0;
  if ("playoutDelayHint" in tuned) tuned.playoutDelayHint = 0;
}
