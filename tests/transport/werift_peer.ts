/** A werift peer connection in the page's place, for tests without a browser. */
import {
  type RTCDataChannel,
  RTCPeerConnection,
  RTCRtpCodecParameters,
  RTCRtpHeaderExtensionParameters,
  RtpPacket,
} from "werift";
import type { ViewerTransport } from "../../src/media/stages.ts";
import { TRANSPORT_CC_URI } from "../../src/transport/rtp/packet.ts";

export interface WeriftPeer {
  rtc: RTCPeerConnection;
  control: RTCDataChannel;
  motion: RTCDataChannel;
  /** Video packets as they came in. */
  packets: RtpPacket[];
  close(): Promise<void>;
}

export interface WeriftPeerOptions {
  /** Leave out to test what peers without it get. */
  rtx?: boolean;
  transportCc?: boolean;
  /** The loopback address it has; default 127.0.0.1. */
  address?: string;
  /** Called before anything is sent. */
  prepare?: (rtc: RTCPeerConnection) => void;
  /** Changes the answer before the session gets it. */
  answer?: (sdp: string) => string;
}

/** Answers `viewer`'s offer; resolves when the answer is in. */
export async function connectWerift(
  viewer: ViewerTransport,
  {
    rtx = true,
    transportCc = true,
    address = "127.0.0.1",
    answer = (sdp) => sdp,
    prepare = () => {},
  }: WeriftPeerOptions = {},
): Promise<WeriftPeer> {
  const h264 = new RTCRtpCodecParameters({
    mimeType: "video/H264",
    clockRate: 90000,
    payloadType: 102,
    rtcpFeedback: [
      ...(transportCc ? [{ type: "transport-cc" }] : []),
      { type: "nack" },
      { type: "nack", parameter: "pli" },
    ],
    parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e034",
  });
  const repeats = new RTCRtpCodecParameters({
    mimeType: "video/rtx",
    clockRate: 90000,
    payloadType: 103,
    parameters: "apt=102",
  });
  const opus = new RTCRtpCodecParameters({
    mimeType: "audio/opus",
    clockRate: 48000,
    channels: 2,
    payloadType: 111,
  });
  const extensions = transportCc
    ? [new RTCRtpHeaderExtensionParameters({ uri: TRANSPORT_CC_URI })]
    : [];
  const rtc = new RTCPeerConnection({
    iceServers: [],
    iceUseIpv6: address.includes(":"),
    iceAdditionalHostAddresses: [address],
    bundlePolicy: "max-bundle",
    codecs: { video: rtx ? [h264, repeats] : [h264], audio: [opus] },
    headerExtensions: { video: extensions, audio: [] },
  });
  const packets: RtpPacket[] = [];
  rtc.onTrack.subscribe((track) => {
    if (track.kind === "video") track.onReceiveRtp.subscribe((packet) => packets.push(packet));
  });
  const control = rtc.createDataChannel("control");
  const motion = rtc.createDataChannel("motion", { ordered: false, maxRetransmits: 0 });
  viewer.onCandidate = (candidate) => {
    rtc.addIceCandidate({
      candidate: candidate.candidate,
      sdpMid: candidate.sdpMid ?? undefined,
      sdpMLineIndex: candidate.sdpMLineIndex ?? undefined,
    }).catch(() => {});
  };
  const sdp = await viewer.offer();
  await rtc.setRemoteDescription({ type: "offer", sdp });
  const description = await rtc.createAnswer();
  prepare(rtc);
  await rtc.setLocalDescription(description);
  await viewer.answer(answer(rtc.localDescription!.sdp));
  return { rtc, control, motion, packets, close: () => rtc.close() };
}

/** Polls until `ready` holds; throws naming `what` after `timeoutMs`. */
export async function until(what: string, ready: () => boolean, timeoutMs = 15000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!ready()) {
    if (performance.now() > end) throw new Error(`expected ${what} within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
