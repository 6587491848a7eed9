import { measureSendCost } from "../../transport/send_cost.ts";
import { type Case, summarize } from "../result.ts";

/** CPU time a packet of the product's send path and of werift's own. */
export const sendCost: Case = {
  name: "send-cost",
  summary: "CPU a packet of 1188 bytes at 35 packets a picture, against werift's own path",
  async run({ quick }) {
    const cost = await measureSendCost(quick ? { rounds: 3, framesPerRound: 60 } : { rounds: 15 });
    const peer = { peer: "werift RTCRtpSender", peerSamples: cost.stock };
    const target = { max: 0.15, of: "ratio" as const };
    return [
      summarize("send a packet", "µs CPU", cost.fast, { ...peer, target }),
      summarize("send a packet without libcrypto and GSO", "µs CPU", cost.plain, peer),
    ];
  },
};
