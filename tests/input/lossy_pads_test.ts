/** A pad's way from the page to the game's device, over a channel that loses records. */
import assert from "node:assert/strict";
import { decodeInput } from "../../src/protocol/input.ts";
import { InputRouter } from "../../src/input/router.ts";
import type { PadReading } from "../../ui/gamepad/mapping.ts";
import { GamePads } from "../../ui/player/input/pads.ts";
import { InputSender } from "../../ui/player/input/sender.ts";

const FRAME_MS = 1000 / 60;

const reading = (button?: number): PadReading => ({
  ...{ index: 0, id: "Pad", mapping: "standard", connected: true, timestamp: 0 },
  buttons: Array.from({ length: 17 }, (_, i) => ({
    pressed: i === button,
    value: i === button ? 1 : 0,
  })),
  axes: [0, 0, 0, 0],
});

/** Taps buttons in turn, four frames each, and gives the presses that the game's device had. */
function tapped(taps: number, loses: () => boolean): number[] {
  const presses: number[] = [];
  let held = 0;
  let now = 0;
  const router = new InputRouter({
    now: () => now,
    display: () => {},
    devices: {
      input: (record) => {
        const event = decodeInput(record);
        if (event.kind !== "pad-state") return;
        for (let button = 0; button < 17; button++) {
          if (event.buttons & ~held & (1 << button)) presses.push(button);
        }
        held = event.buttons;
      },
    },
  });
  router.join("player", "player");
  const channel = (reliable: boolean) =>
    ({
      readyState: "open",
      bufferedAmount: 0,
      send: (record: Uint8Array) => {
        if (reliable || !loses()) router.record("player", record);
      },
    }) as unknown as RTCDataChannel;
  const channels = { control: channel(true), motion: channel(false) };
  const sender = new InputSender(() => channels);
  sender.active = true;
  const pads = new GamePads(sender, () => {});
  const frames = (count: number, button?: number) => {
    for (; count > 0; count--) pads.onPads([reading(button)], now += FRAME_MS);
  };
  frames(30);
  for (let tap = 0; tap < taps; tap++) {
    frames(4, tap % 4);
    frames(4);
  }
  frames(30);
  assert.equal(held, 0);
  return presses;
}

const turns = (count: number) => Array.from({ length: count }, (_, tap) => tap % 4);

Deno.test("of 300 taps none is lost or doubled where every fifth record is", () => {
  let seed = 20261201;
  const loses = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32 < 0.2;
  };
  assert.deepEqual(tapped(300, loses), turns(300));
});

Deno.test("nor where all records of two taps in a row are, and the third one's press", () => {
  for (let from = 0; from < 17; from++) {
    let sent = 0;
    const loses = () => sent++ >= 40 + from && sent <= 40 + from + 16;
    assert.deepEqual(tapped(12, loses), turns(12), `the records from ${40 + from} on`);
  }
});
