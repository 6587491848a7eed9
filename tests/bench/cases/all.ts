import type { Case } from "../result.ts";
import { clickToPhoton } from "./browser_latency.ts";
import { capture } from "./capture.ts";
import { encodeCpu } from "./encode_cpu.ts";
import { fleetPush } from "./fleet_push.ts";
import { lossClicks } from "./loss_clicks.ts";
import { lossRecovery } from "./loss_recovery.ts";
import { memory } from "./memory.ts";
import { packet } from "./packet.ts";
import { playToFirstFrame } from "./play_first_frame.ts";
import { sendCost } from "./send_cost.ts";
import { sound } from "./sound.ts";
import { still } from "./still.ts";

/** All benchmarks, in the order they run. */
export const cases: Case[] = [
  capture,
  packet,
  encodeCpu,
  sendCost,
  memory,
  still,
  sound,
  clickToPhoton,
  playToFirstFrame,
  lossRecovery,
  lossClicks,
  fleetPush,
];
