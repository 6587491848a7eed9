import assert from "node:assert/strict";
import { decodeInput, type InputEvent } from "../../../src/protocol/input.ts";
import type { PadReading } from "../../gamepad/mapping.ts";
import { shortcutOf } from "./keyboard.ts";
import { GamePads } from "./pads.ts";
import { onPicture, pictureRect, wheelDetents } from "./picture.ts";
import { InputSender } from "./sender.ts";
import { TouchSlots } from "./touch.ts";

/** A channel that keeps what is sent. */
function channel() {
  const sent: InputEvent[] = [];
  const fake = {
    readyState: "open",
    bufferedAmount: 0,
    send: (bytes: Uint8Array) => sent.push(decodeInput(bytes)),
  };
  return { sent, fake, channel: fake as unknown as RTCDataChannel };
}

function wired() {
  const control = channel();
  const motion = channel();
  const sender = new InputSender(() => ({ control: control.channel, motion: motion.channel }));
  sender.active = true;
  return { control, motion, sender };
}

Deno.test("keys go the reliable way, motion and pad states the quick one", () => {
  const { control, motion, sender } = wired();
  sender.send({ kind: "key", timeMs: 1, code: 30, down: true });
  sender.send({ kind: "pointer-absolute", timeMs: 2, x: 0, y: 1 });
  sender.send({ kind: "wheel", timeMs: 3, dx: 0, dy: 120 });
  sender.send({ kind: "touch", timeMs: 4, id: 0, phase: "down", x: 0, y: 0 });
  assert.deepEqual(control.sent.map(({ kind }) => kind), ["key", "touch"]);
  assert.deepEqual(motion.sent.map(({ kind }) => kind), ["pointer-absolute", "wheel"]);
});

Deno.test("stale motion is dropped, keys never are", () => {
  const { control, motion, sender } = wired();
  control.fake.bufferedAmount = motion.fake.bufferedAmount = 1_000_000;
  sender.send({ kind: "pointer-relative", timeMs: 1, dx: 1, dy: 1 });
  sender.send({ kind: "key", timeMs: 1, code: 30, down: false });
  assert.equal(motion.sent.length, 0);
  assert.equal(control.sent.length, 1);
});

Deno.test("while a menu is open only releases leave", () => {
  const { control, sender } = wired();
  sender.active = false;
  sender.send({ kind: "key", timeMs: 1, code: 30, down: true });
  sender.releaseAll();
  assert.deepEqual(control.sent.map(({ kind }) => kind), ["release-all"]);
});

Deno.test("nothing is thrown while there is no link", () => {
  const sender = new InputSender(() => undefined);
  sender.active = true;
  sender.send({ kind: "key", timeMs: 1, code: 30, down: true });
  assert.equal(sender.sent, 0);
});

const reading = (index: number, buttons: number[] = [], axes = [0, 0, 0, 0]): PadReading => ({
  index,
  id: `Pad ${index}`,
  mapping: "standard",
  connected: true,
  timestamp: 0,
  buttons: Array.from({ length: 17 }, (_, i) => ({
    pressed: buttons.includes(i),
    value: buttons.includes(i) ? 1 : 0,
  })),
  axes,
});

Deno.test("pads connect, send changes at once, a few times more and then rarely, and disconnect", () => {
  const { control, motion, sender } = wired();
  const pads = new GamePads(sender, () => {});
  pads.onPads([reading(3)], 1000);
  pads.onPads([reading(3)], 1016);
  pads.onPads([reading(3, [0])], 1032);
  pads.onPads([reading(3, [0])], 1048);
  pads.onPads([reading(3, [0])], 1131);
  pads.onPads([reading(3, [0])], 1132);
  pads.onPads([reading(3, [0])], 1330);
  pads.onPads([reading(3, [0])], 1331);
  pads.onPads([], 1348);
  assert.deepEqual(control.sent.map(({ kind }) => kind), ["pad-connect", "pad-disconnect"]);
  const states = motion.sent.map((event) =>
    event.kind === "pad-state" && [event.pad, event.buttons, event.timeMs]
  );
  assert.deepEqual(states, [
    [0, 0, 1000],
    [0, 1, 1032],
    [0, 1, 1048],
    [0, 1, 1131],
    [0, 1, 1331],
  ]);
});

Deno.test("a pad's state counts its presses and has the last ones with it; sticks are none", () => {
  const { motion, sender } = wired();
  const pads = new GamePads(sender, () => {});
  const last = () => {
    const event = motion.sent.at(-1)!;
    assert.ok(event.kind === "pad-state");
    return [event.change, event.before!.map(({ buttons }) => buttons)];
  };
  const rounds = [[], [0], [], [1], [], [2, 3], []];
  for (const [i, buttons] of rounds.entries()) pads.onPads([reading(0, buttons)], 50 * i);
  assert.deepEqual(last(), [6, [0, 2, 0, 12]]);
  pads.onPads([reading(0, [], [1, 0, 0, 0])], 400);
  assert.deepEqual(last(), [6, [0, 2, 0, 12]]);
  const pulled = reading(0);
  pads.onPads(
    [{ ...pulled, buttons: pulled.buttons.with(7, { pressed: false, value: 0.2 }) }],
    450,
  );
  assert.deepEqual(last(), [7, [2, 0, 12, 0]]);
  // What was pressed before a menu or a new link is past.
  pads.onCovered();
  pads.onPads([reading(0)], 500);
  assert.deepEqual(last(), [8, []]);
});

Deno.test("a change that the browser tells of late is no older than the refresh before it", () => {
  const { motion, sender } = wired();
  const pads = new GamePads(sender, () => {});
  pads.onPads([reading(0)], 1000);
  pads.onPads([{ ...reading(0, [0]), timestamp: 995 }], 1016);
  assert.deepEqual(motion.sent.map(({ timeMs }) => timeMs), [1000, 1000]);
});

Deno.test("four pads play, a fifth waits for a free slot", () => {
  const { control, sender } = wired();
  const pads = new GamePads(sender, () => {});
  pads.onPads([0, 1, 2, 3, 4].map((index) => reading(index)), 0);
  assert.deepEqual(pads.pads.map(({ name }) => name), ["Pad 0", "Pad 1", "Pad 2", "Pad 3"]);
  pads.onPads([0, 2, 3, 4].map((index) => reading(index)), 16);
  assert.deepEqual(pads.pads.map(({ name }) => name), ["Pad 0", "Pad 4", "Pad 2", "Pad 3"]);
  assert.equal(control.sent.filter(({ kind }) => kind === "pad-connect").length, 5);
});

Deno.test("a menu over the game lets every pad go, and the held combination opens it", () => {
  const { motion, sender } = wired();
  let opened = 0;
  const pads = new GamePads(sender, () => opened++);
  pads.onPads([reading(0)], 0);
  pads.onPads([reading(0, [8, 9])], 100);
  pads.onPads([reading(0, [8, 9])], 900);
  assert.equal(opened, 1);
  pads.onCovered();
  const last = motion.sent.at(-1)!;
  assert.ok(last.kind === "pad-state" && last.buttons === 0);
});

Deno.test("the button that closed the menu is not pressed for the game until it is let go", () => {
  const { motion, sender } = wired();
  const pads = new GamePads(sender, () => {});
  pads.onPads([reading(0)], 0);
  pads.onCovered();
  pads.onPads([reading(0, [0, 1])], 1000);
  pads.onPads([reading(0, [1])], 1016);
  pads.onPads([reading(0, [0, 1])], 1032);
  const states = motion.sent.map((event) => event.kind === "pad-state" && event.buttons);
  assert.deepEqual(states.slice(-2), [0, 1]);
});

Deno.test("after a reconnect every pad is announced again with its state", () => {
  const { control, motion, sender } = wired();
  const pads = new GamePads(sender, () => {});
  pads.onPads([reading(0)], 0);
  pads.onPads([reading(0, [1])], 16);
  pads.announce();
  assert.equal(control.sent.filter(({ kind }) => kind === "pad-connect").length, 2);
  const last = motion.sent.at(-1)!;
  assert.ok(last.kind === "pad-state" && last.buttons === 2);
});

Deno.test("the picture lies whole and centred in its box, and the bars are its edges", () => {
  const wide = pictureRect({ left: 10, top: 20, width: 1000, height: 1000 }, {
    width: 1600,
    height: 800,
  });
  assert.deepEqual(wide, { left: 10, top: 270, width: 1000, height: 500 });
  assert.deepEqual(onPicture(wide, 510, 520), { x: 0.5, y: 0.5 });
  assert.deepEqual(onPicture(wide, 0, 0), { x: 0, y: 0 });
  assert.deepEqual(onPicture(wide, 5000, 5000), { x: 1, y: 1 });
  const unknown = { left: 0, top: 0, width: 0, height: 0 };
  assert.deepEqual(onPicture(pictureRect(unknown, { width: 0, height: 0 }), 5, 0), { x: 1, y: 0 });
});

Deno.test("wheel movement is in 1/120 of a detent whatever the browser counts in", () => {
  assert.equal(wheelDetents(100, 0), 120);
  assert.equal(wheelDetents(-3, 1), -120);
  assert.equal(wheelDetents(1, 2), 120);
});

Deno.test("the player's shortcuts need all three modifiers", () => {
  const keys = { code: "KeyM", ctrlKey: true, altKey: true, shiftKey: true };
  assert.equal(shortcutOf(keys), "menu");
  assert.equal(shortcutOf({ ...keys, shiftKey: false }), undefined);
  assert.equal(shortcutOf({ ...keys, code: "KeyQ" }), undefined);
});

Deno.test("a finger keeps its slot while it is down, and 32 are enough", () => {
  const slots = new TouchSlots();
  assert.equal(slots.take(1000), 0);
  assert.equal(slots.take(77), 1);
  assert.equal(slots.take(1000), 0);
  slots.release(1000);
  assert.equal(slots.take(5), 0);
  for (let i = 0; i < 30; i++) assert.notEqual(slots.take(100 + i), undefined);
  assert.equal(slots.take(9999), undefined);
});
