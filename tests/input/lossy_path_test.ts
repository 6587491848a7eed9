/** Input's way from the page to the game's devices, over channels that lose records. */
import assert from "node:assert/strict";
import { InputRouter } from "../../src/input/router.ts";
import { decodeInput, type InputEvent } from "../../src/protocol/input.ts";
import type { PadReading } from "../../ui/gamepad/mapping.ts";
import { GamePads } from "../../ui/player/input/pads.ts";
import { InputSender } from "../../ui/player/input/sender.ts";

const FRAME_MS = 1000 / 60;
/** From a lost record until its retransmission, which all that is behind it waits for. */
const RETRANSMISSION_MS = 250;

/** Page, channels and router with a clock of their own; `loses` is asked for each record. */
class LossyPath {
  nowMs = 0;
  /** What the game's devices got, and when. */
  readonly got: { event: InputEvent; atMs: number }[] = [];
  readonly sender: InputSender;
  readonly channels: Record<"control" | "motion", RTCDataChannel>;
  readonly #timers: { atMs: number; run: () => void }[] = [];
  #controlMs = 0;

  constructor(loses: (channel: "control" | "motion") => boolean) {
    const router = new InputRouter({
      now: () => this.nowMs,
      display: () => {},
      devices: {
        input: (record) => this.got.push({ event: decodeInput(record), atMs: this.nowMs }),
      },
    });
    router.join("player", "player");
    const channel = (send: (deliver: () => void) => void) => ({
      readyState: "open",
      bufferedAmount: 0,
      send: (record: Uint8Array) => send(() => router.record("player", record)),
    });
    const control = channel((deliver) => {
      const atMs = this.nowMs + (loses("control") ? RETRANSMISSION_MS : 0);
      this.#controlMs = Math.max(this.#controlMs, atMs);
      if (this.#controlMs <= this.nowMs) deliver();
      else this.#timers.push({ atMs: this.#controlMs, run: deliver });
    });
    const motion = channel((deliver) => {
      if (!loses("motion")) deliver();
    });
    this.channels = { control, motion } as unknown as LossyPath["channels"];
    const later = (run: () => void, ms: number) => {
      this.#timers.push({ atMs: this.nowMs + ms, run });
    };
    this.sender = new InputSender(() => this.channels, later);
    this.sender.active = true;
  }

  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (;;) {
      // Those of the same time in the order in which they were set.
      const next = Math.min(...this.#timers.map(({ atMs }) => atMs));
      if (next > end) break;
      const [{ run }] = this.#timers.splice(this.#timers.findIndex(({ atMs }) => atMs === next), 1);
      this.nowMs = Math.max(this.nowMs, next);
      run();
    }
    this.nowMs = end;
  }
}

/** The same losses each time, of this share. */
function random(share: number) {
  let seed = 20261201;
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32 < share;
  };
}

const reading = (button?: number): PadReading => ({
  ...{ index: 0, id: "Pad", mapping: "standard", connected: true, timestamp: 0 },
  buttons: Array.from({ length: 17 }, (_, i) => ({
    pressed: i === button,
    value: i === button ? 1 : 0,
  })),
  axes: [0, 0, 0, 0],
});

/** Taps buttons of a pad in turn, four frames each, and gives the presses that the game's device had. */
function tapped(taps: number, loses: () => boolean): number[] {
  const path = new LossyPath((channel) => channel === "motion" && loses());
  const pads = new GamePads(path.sender, () => {});
  const frames = (count: number, button?: number) => {
    for (; count > 0; count--) {
      path.pass(FRAME_MS);
      pads.onPads([reading(button)], path.nowMs);
    }
  };
  frames(30);
  for (let tap = 0; tap < taps; tap++) {
    frames(4, tap % 4);
    frames(4);
  }
  frames(30);
  const presses: number[] = [];
  let held = 0;
  for (const { event } of path.got) {
    if (event.kind !== "pad-state") continue;
    for (let button = 0; button < 17; button++) {
      if (event.buttons & ~held & (1 << button)) presses.push(button);
    }
    held = event.buttons;
  }
  assert.equal(held, 0);
  return presses;
}

const turns = (count: number) => Array.from({ length: count }, (_, tap) => tap % 4);

Deno.test("of 300 taps on a pad none is lost or doubled where every fifth record is", () => {
  assert.deepEqual(tapped(300, random(0.2)), turns(300));
});

Deno.test("nor where all records of two taps in a row are, and the third one's press", () => {
  for (let from = 0; from < 17; from++) {
    let sent = 0;
    const loses = () => sent++ >= 40 + from && sent <= 40 + from + 16;
    assert.deepEqual(tapped(12, loses), turns(12), `the records from ${40 + from} on`);
  }
});

/** Taps keys in turn and gives how late the game's devices had each press and release, ms. */
function typed(taps: number, loses: (channel: "control" | "motion") => boolean): number[] {
  const path = new LossyPath(loses);
  const sent: { code: number; down: boolean; atMs: number }[] = [];
  const key = (code: number, down: boolean) => {
    path.sender.send({ kind: "key", timeMs: path.nowMs, code, down });
    sent.push({ code, down, atMs: path.nowMs });
  };
  for (let tap = 0; tap < taps; tap++) {
    const code = 30 + tap % 4;
    key(code, true);
    path.pass(70);
    key(code, false);
    path.pass(50);
  }
  path.pass(1000);
  const got = path.got.map(({ event, atMs }) => {
    assert.ok(event.kind === "key");
    return { code: event.code, down: event.down, atMs };
  });
  const what = ({ code, down }: { code: number; down: boolean }) => `${code} ${down}`;
  assert.deepEqual(got.map(what), sent.map(what));
  return got.map(({ atMs }, i) => atMs - sent[i].atMs);
}

Deno.test("a key whose record is lost comes with its copy, once, and does not wait for retransmission", () => {
  const lose = random(0.05);
  const late = typed(500, () => lose());
  assert.ok(late.filter((ms) => ms > 0).length > 40);
  assert.equal(late.filter((ms) => ms >= RETRANSMISSION_MS).length, 0);
  assert.ok(late.filter((ms) => ms > 17).length < 20, String(late.filter((ms) => ms > 17)));
});

Deno.test("without copies keys come all the same, in order, after the retransmission", () => {
  const lose = random(0.05);
  const late = typed(500, (channel) => channel === "motion" || lose());
  assert.ok(late.some((ms) => ms >= RETRANSMISSION_MS));
});

Deno.test("copies do not outlive the release of everything, a new link or a text before them", () => {
  const path = new LossyPath((channel) => channel === "control");
  const { sender } = path;
  const kinds = () => path.got.splice(0).map(({ event }) => event.kind);
  sender.send({ kind: "key", timeMs: 0, code: 30, down: true });
  sender.releaseAll();
  path.pass(100);
  assert.deepEqual(kinds(), []);
  path.pass(1000);
  assert.deepEqual(kinds(), ["key", "key"]);
  sender.send({ kind: "text", timeMs: 0, text: "hello" });
  sender.send({ kind: "key", timeMs: 0, code: 28, down: true });
  path.pass(100);
  assert.deepEqual(kinds(), []);
  path.pass(1000);
  assert.deepEqual(kinds(), ["text", "key"]);
  sender.send({ kind: "key", timeMs: 0, code: 28, down: false });
  path.channels.motion = { ...path.channels.motion };
  path.pass(100);
  assert.deepEqual(kinds(), []);
});
