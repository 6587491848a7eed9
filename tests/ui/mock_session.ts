/** A test double of a session: signalling and channels by werift, input records kept, no picture of its own. */
import { RTCPeerConnection, RTCRtpCodecParameters } from "werift";
import type { ControlFromViewer, ControlToViewer } from "../../src/protocol/control.ts";
import { decodeInput, type InputEvent } from "../../src/protocol/input.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { SignalFromViewer, type SignalToViewer } from "../../src/protocol/signal.ts";

type Channel = { label: string; send(data: string): void };

export class MockSession {
  info: SessionInfo;
  /** Everything the player sent. */
  inputs: (InputEvent & { channel: string })[] = [];
  controls: ControlFromViewer[] = [];
  joins = 0;
  #sockets = new Set<WebSocket>();
  #peers = new Set<RTCPeerConnection>();
  #control: Channel | undefined;
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
    peer.addTransceiver("video", { direction: "sendonly" });
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

  #controlled(message: ControlFromViewer): void {
    this.controls.push(message);
    if (message.type === "ping") {
      this.send({ type: "pong", t: message.t, now: performance.now() + 5000 });
    }
  }
}
