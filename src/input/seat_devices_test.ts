import assert from "node:assert/strict";
import { evdevCodes } from "../protocol/keycodes.ts";
import { seatDevices } from "./seat_devices.ts";

Deno.test("the keyboard has every key but those that switch the machine off", () => {
  const without = ["Power", "Sleep", "WakeUp", "Suspend"];
  const has = Object.keys(evdevCodes).filter((code) =>
    seatDevices.keyboard.keys!.includes(evdevCodes[code])
  );
  assert.deepEqual(has, Object.keys(evdevCodes).filter((code) => !without.includes(code)));
});
