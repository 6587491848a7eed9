/** A test double of a session: signalling, channels and a still picture by werift; input records are kept. */
import {
  MediaStreamTrack,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RtpHeader,
  RtpPacket,
} from "werift";
import type { ControlFromViewer, ControlToViewer } from "../../src/protocol/control.ts";
import { decodeInput, type InputEvent } from "../../src/protocol/input.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { SignalFromViewer, type SignalToViewer } from "../../src/protocol/signal.ts";
import { MOCK_PICTURE } from "./mock_picture.ts";

const PICTURE_MS = 50;

type Channel = { label: string; send(data: string): void };

export class MockSession {
  info: SessionInfo;
  /** Everything the player sent. */
  inputs: (InputEvent & { channel: string })[] = [];
  controls: ControlFromViewer[] = [];
  joins = 0;
  /** Closes whoever comes, as a house that is restarting. */
  refusing = false;
  #sockets = new Set<WebSocket>();
  #peers = new Set<RTCPeerConnection>();
  #control: Channel | undefined;
  #pictures = new Map<RTCPeerConnection, ReturnType<typeof setInterval>>();
  #onChange: (info: SessionInfo) => void;

  constructor(info: SessionInfo, onChange: (info: SessionInfo) => void) {
    this.info = info;
    this.#onChange = onChange;
  }

  change(change: Partial<SessionInfo>): void {
    this.info = { ...this.info, ...change };
    this.#onChange(this.info);
    this.#tell({ type: "session", session: this.info });
  }

  /** A control message to the page. */
  send(message: ControlToViewer): void {
    this.#control?.send(JSON.stringify(message));
  }

  bye(reason: string): void {
    this.#tell({ type: "bye", reason });
  }

  /** Cuts signalling and the path, as a broken network does. */
  async cut(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#closePeers();
  }

  accept(socket: WebSocket): void {
    if (this.refusing) {
      socket.onopen = () => socket.close();
      return;
    }
    this.#sockets.add(socket);
    const send = (message: SignalToViewer) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    };
    let peer: RTCPeerConnection | undefined;
    socket.onopen = () => send({ type: "session", session: this.info });
    socket.onclose = () => this.#sockets.delete(socket);
    socket.onmessage = async ({ data }) => {
      const message = SignalFromViewer.parse(JSON.parse(data));
      if (message.type === "join") {
        this.joins++;
        peer = this.#peer(send);
        await peer.setLocalDescription(await peer.createOffer());
        send({ type: "offer", sdp: peer.localDescription!.sdp, iceServers: [] });
      } else if (message.type === "answer") {
        await peer!.setRemoteDescription({ type: "answer", sdp: message.sdp });
      } else {
        await peer!.addIceCandidate(message.candidate as never).catch(() => {});
      }
    };
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#closePeers();
  }

  async #closePeers(): Promise<void> {
    for (const timer of this.#pictures.values()) clearInterval(timer);
    this.#pictures.clear();
    for (const peer of this.#peers) await peer.close();
    this.#peers.clear();
    this.#control = undefined;
  }

  #tell(message: SignalToViewer): void {
    for (const socket of this.#sockets) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    }
  }

  #peer(send: (message: SignalToViewer) => void): RTCPeerConnection {
    const peer = new RTCPeerConnection({
      codecs: {
        video: [
          new RTCRtpCodecParameters({ mimeType: "video/H264", clockRate: 90000, payloadType: 96 }),
        ],
        audio: [
          new RTCRtpCodecParameters({
            mimeType: "audio/opus",
            clockRate: 48000,
            channels: 2,
            payloadType: 111,
          }),
        ],
      },
      iceUseIpv6: false,
      iceAdditionalHostAddresses: ["127.0.0.1"],
    });
    this.#peers.add(peer);
    const track = new MediaStreamTrack({ kind: "video" });
    peer.addTransceiver(track, { direction: "sendonly" });
    this.#showPicture(peer, track);
    peer.addTransceiver("audio", { direction: "sendrecv" });
    // Offers an application section, for the channels that the browser opens.
    peer.createDataChannel("mock", { negotiated: true, id: 1000 });
    peer.onIceCandidate.subscribe((candidate) => {
      if (candidate) send({ type: "candidate", candidate: candidate.toJSON() as never });
    });
    peer.onDataChannel.subscribe((channel) => {
      if (channel.label === "control") this.#control = channel as unknown as Channel;
      channel.onMessage.subscribe((data) => {
        if (typeof data === "string") this.#controlled(JSON.parse(data));
        else this.inputs.push({ ...decodeInput(new Uint8Array(data)), channel: channel.label });
      });
    });
    return peer;
  }

  /** The same IDR again and again, once the page is connected. */
  #showPicture(peer: RTCPeerConnection, track: MediaStreamTrack): void {
    let sequenceNumber = 1;
    let timestamp = 1;
    const timer = setInterval(() => {
      if (peer.connectionState !== "connected") return;
      timestamp += 90 * PICTURE_MS;
      MOCK_PICTURE.forEach((nal, i) => {
        const header = new RtpHeader({
          sequenceNumber: sequenceNumber++ & 0xffff,
          timestamp,
          payloadType: 96,
          marker: i === MOCK_PICTURE.length - 1,
        });
        track.writeRtp(new RtpPacket(header, nal as never));
      });
      const now = this.#now();
      this.send({
        type: "frames",
        frames: [[timestamp, now - 12, now - 6, now - 5, now - 4, now - 1, now, 200, 1]],
      });
    }, PICTURE_MS);
    this.#pictures.set(peer, timer);
  }

  #controlled(message: ControlFromViewer): void {
    this.controls.push(message);
    if (message.type === "ping") {
      this.send({ type: "pong", t: message.t, now: this.#now() });
    }
  }

  /** A clock that is not the page's. */
  #now(): number {
    return performance.now() + 5000;
  }
}
