import {
  AUDIO_LEVEL_URI,
  type ExtensionIds,
  PLAYOUT_DELAY_URI,
  TRANSPORT_CC_URI,
} from "../rtp/packet.ts";
import { FLEXFEC_PAYLOAD_TYPE } from "./fec_offer.ts";
import { PAYLOAD_TYPE } from "./peer.ts";

/** What an answer accepted of the offer. */
export interface Negotiated {
  video: ExtensionIds;
  audio: ExtensionIds;
  /** Repeats go to their own SSRC (RFC 4588). */
  rtx: boolean;
  /** Parity packets for video (FlexFEC). */
  flexfec: boolean;
  /** Redundant audio (RFC 2198). */
  red: boolean;
  /** 5.1 sound (multiopus), beside stereo. */
  surround: boolean;
  /** Transport-wide feedback was accepted for video. */
  transportCc: boolean;
}

/** Reads an SDP answer. Throws where it takes no H.264 or no Opus. */
export function readAnswer(sdp: string): Negotiated {
  const sections = sdp.split(/\r?\n(?=m=)/).slice(1);
  const video = sections.find((section) => section.startsWith("m=video"));
  const audio = sections.find((section) => section.startsWith("m=audio"));
  if (!video || !accepts(video, PAYLOAD_TYPE.h264)) {
    throw new Error(
      "expected an answer that takes H.264 video, got " + summary(video) +
        ": this browser cannot decode H.264",
    );
  }
  return {
    video: extensionIds(video),
    audio: audio ? extensionIds(audio) : { playoutDelay: 0, transportCc: 0, audioLevel: 0 },
    rtx: accepts(video, PAYLOAD_TYPE.rtx),
    flexfec: accepts(video, FLEXFEC_PAYLOAD_TYPE),
    red: !!audio && accepts(audio, PAYLOAD_TYPE.red) && accepts(audio, PAYLOAD_TYPE.opus),
    surround: !!audio && accepts(audio, PAYLOAD_TYPE.multiopus),
    transportCc: extensionIds(video).transportCc > 0 &&
      new RegExp(`^a=rtcp-fb:(${PAYLOAD_TYPE.h264}|\\*) transport-cc\\s*$`, "m").test(video),
  };
}

const summary = (section: string | undefined) =>
  section === undefined ? "no video section" : `"${section.split(/\r?\n/)[0].slice(0, 80)}"`;

function accepts(section: string, payloadType: number): boolean {
  const [port, , ...formats] = section.split(/\r?\n/)[0].split(" ").slice(1);
  return port !== "0" && formats.includes(String(payloadType));
}

function extensionIds(section: string): ExtensionIds {
  const id = (uri: string) => {
    for (const line of section.split(/\r?\n/)) {
      const match = /^a=extmap:(\d+)(?:\/\w+)? (\S+)/.exec(line);
      const value = Number(match?.[1]);
      if (match?.[2] === uri && value >= 1 && value <= 14) return value;
    }
    return 0;
  };
  return {
    playoutDelay: id(PLAYOUT_DELAY_URI),
    transportCc: id(TRANSPORT_CC_URI),
    audioLevel: id(AUDIO_LEVEL_URI),
  };
}
