import assert from "node:assert/strict";
import { withFlexFec } from "./fec_offer.ts";

const OFFER = [
  "v=0",
  "m=video 9 UDP/TLS/RTP/SAVPF 102 103",
  "a=ssrc-group:FID 11 12",
  "a=ssrc:11 cname:abc",
  "a=ssrc:12 cname:abc",
  "a=rtpmap:102 H264/90000",
  "m=audio 9 UDP/TLS/RTP/SAVPF 111",
  "a=ssrc:13 cname:abc",
  "",
].join("\r\n");

Deno.test("the parity stream is offered with the video, and with nothing else", () => {
  assert.deepEqual(withFlexFec(OFFER, 11, 4000000000).split("\r\n"), [
    "v=0",
    "m=video 9 UDP/TLS/RTP/SAVPF 102 103 49",
    "a=ssrc-group:FID 11 12",
    "a=ssrc:11 cname:abc",
    "a=ssrc:12 cname:abc",
    "a=rtpmap:102 H264/90000",
    "a=rtpmap:49 flexfec-03/90000",
    "a=rtcp-fb:49 transport-cc",
    "a=fmtp:49 repair-window=10000000",
    "a=ssrc-group:FEC-FR 11 4000000000",
    "a=ssrc:4000000000 cname:abc",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "a=ssrc:13 cname:abc",
    "",
  ]);
});
