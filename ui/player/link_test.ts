import assert from "node:assert/strict";
import { stereoAnswer } from "./link.ts";

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
