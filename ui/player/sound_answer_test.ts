import assert from "node:assert/strict";
import { stereoAnswer, surroundAnswer } from "./sound_answer.ts";

const head = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\n";

Deno.test("the answer asks for stereo whether or not it has parameters for Opus", () => {
  assert.equal(
    stereoAnswer(`${head}a=fmtp:111 minptime=10;useinbandfec=1\r\n`),
    `${head}a=fmtp:111 stereo=1;minptime=10;useinbandfec=1\r\n`,
  );
  assert.equal(stereoAnswer(head), `${head}a=fmtp:111 stereo=1\r\n`);
});

Deno.test("an answer that has it already, or has no Opus, stays as it is", () => {
  for (const sdp of [`${head}a=fmtp:111 stereo=1\r\n`, "v=0\r\nm=video 9 X 96\r\n"]) {
    assert.equal(stereoAnswer(sdp), sdp);
  }
});

const surround = [
  "a=rtpmap:112 multiopus/48000/6",
  "a=rtcp-fb:112 transport-cc",
  "a=fmtp:112 num_streams=4",
];
const offer = `v=0\r\nm=audio 9 X 111 112\r\n${surround.join("\r\n")}\r\na=fmtp:11 x\r\n`;

Deno.test("5.1 is added to the sound's section, which may be the last or not", () => {
  const added = `v=0\r\nm=audio 9 X 111 112\r\na=mid:1\r\n${surround.join("\r\n")}\r\n`;
  const answer = "v=0\r\nm=audio 9 X 111\r\na=mid:1\r\n";
  assert.equal(surroundAnswer(answer, offer), added);
  const more = "m=application 9 Y webrtc-datachannel\r\n";
  assert.equal(surroundAnswer(answer + more, offer), added + more);
});

Deno.test("without 5.1 in the offer, or sound in the answer, the answer stays as it is", () => {
  assert.equal(surroundAnswer(head, head), head);
  const refused = "v=0\r\nm=audio 0 X 111\r\n";
  assert.equal(surroundAnswer(refused, offer), refused);
});
