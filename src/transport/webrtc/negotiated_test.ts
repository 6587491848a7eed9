import assert from "node:assert/strict";
import { readAnswer } from "./negotiated.ts";

const TCC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const answer = (video: string[], audio: string[]) =>
  [
    "v=0",
    "m=video 9 UDP/TLS/RTP/SAVPF 102 103",
    ...video,
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63",
    ...audio,
  ]
    .join("\r\n");

Deno.test("what an answer accepts is read", () => {
  const negotiated = readAnswer(answer(
    [
      `a=extmap:4 ${TCC}`,
      "a=extmap:3/sendonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
      "a=rtcp-fb:102 transport-cc",
    ],
    ["a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level"],
  ));
  assert.deepEqual(negotiated, {
    video: { playoutDelay: 3, transportCc: 4, audioLevel: 0 },
    audio: { playoutDelay: 0, transportCc: 0, audioLevel: 1 },
    rtx: true,
    flexfec: false,
    red: true,
    surround: false,
    transportCc: true,
  });
});

Deno.test("what an answer leaves out is not used", () => {
  const sdp = "v=0\nm=video 9 UDP/TLS/RTP/SAVPF 102\na=extmap:4 " + TCC +
    "\na=extmap:15 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\n" +
    "m=audio 9 UDP/TLS/RTP/SAVPF 111\n";
  const negotiated = readAnswer(sdp);
  assert.equal(negotiated.rtx, false);
  assert.equal(negotiated.red, false);
  // The extension without the feedback is of no use, and ids over 14 need another header form.
  assert.equal(negotiated.transportCc, false);
  assert.equal(negotiated.video.playoutDelay, 0);
});

Deno.test("an answer without H.264 is refused", () => {
  assert.throws(() => readAnswer("v=0\r\n"), /no video section/);
  assert.throws(() => readAnswer("v=0\r\nm=video 0 UDP/TLS/RTP/SAVPF 102\r\n"), /H\.264/);
  assert.throws(() => readAnswer("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"), /H\.264/);
});
