import assert from "node:assert/strict";
import { decodeInput, encodeInput, type InputEvent, type PadState } from "../protocol/input.ts";
import { InputRouter } from "./router.ts";

/** What a game would see: the state of its seat and pads, kept from the records it gets. */
class Game {
  readonly keys = new Set<number>();
  readonly buttons = new Set<number>();
  readonly touches = new Set<number>();
  readonly pads = new Map<number, PadState | undefined>();
  readonly padRecords: PadState[] = [];
  readonly seat: InputEvent[] = [];
  readonly deviceEvents: InputEvent[] = [];
  now = 0;
  readonly router = new InputRouter({
    display: (record) => this.#seatEvent(decodeInput(record)),
    devices: { input: (record) => this.#deviceEvent(decodeInput(record)) },
    now: () => this.now,
  });

  #change(set: Set<number>, code: number, down: boolean, what: string): void {
    assert.notEqual(set.has(code), down, `${what} ${code} goes ${down ? "down" : "up"} twice`);
    if (down) set.add(code);
    else set.delete(code);
  }

  #seatEvent(event: InputEvent): void {
    this.seat.push(event);
    if (event.kind === "key") this.#change(this.keys, event.code, event.down, "key");
    else if (event.kind === "button") this.#change(this.buttons, event.code, event.down, "button");
    else if (event.kind === "touch") {
      if (event.phase === "move") assert.ok(this.touches.has(event.id));
      else this.#change(this.touches, event.id, event.phase === "down", "touch");
    } else assert.ok(!event.kind.startsWith("pad"));
  }

  #deviceEvent(event: InputEvent): void {
    this.deviceEvents.push(event);
    if (event.kind === "pad-connect") {
      assert.ok(!this.pads.has(event.pad), `pad ${event.pad} connects twice`);
      this.pads.set(event.pad, undefined);
    } else if (event.kind === "pad-state") {
      this.padRecords.push(event);
      assert.ok(this.pads.has(event.pad), `state of pad ${event.pad}, which is not connected`);
      this.pads.set(event.pad, event);
    } else if (event.kind === "pad-disconnect") {
      assert.ok(this.pads.delete(event.pad));
    }
  }

  send(viewer: string, event: InputEvent): void {
    this.router.record(viewer, encodeInput(event));
  }

  /** Sends a key by code, down or up. */
  key(viewer: string, code: number, down: boolean): void {
    this.send(viewer, { kind: "key", timeMs: this.now, code, down });
  }

  pad(viewer: string, pad: number, buttons: number, timeMs = this.now): void {
    const rest = { axes: [0, 0, 0, 0], triggers: [0, 0] } as Pick<PadState, "axes" | "triggers">;
    this.send(viewer, { kind: "pad-state", timeMs, pad, buttons, ...rest });
  }

  get pressed(): unknown[] {
    const moved = (state: PadState) =>
      state.buttons !== 0 || [...state.axes, ...state.triggers].some((value) => value !== 0);
    return [
      ...this.keys,
      ...this.buttons,
      ...this.touches,
      ...[...this.pads.values()].filter((state) => state && moved(state)),
    ];
  }
}

function game(...players: string[]): Game {
  const made = new Game();
  for (const player of players) made.router.join(player, "player");
  return made;
}

const connect = (pad: number): InputEvent => ({
  kind: "pad-connect",
  timeMs: 0,
  pad,
  name: "pad",
  rumble: true,
});

Deno.test("a key that two viewers hold goes up with the last of them", () => {
  const g = game("a", "b");
  g.key("a", 30, true);
  g.key("b", 30, true);
  g.key("a", 30, false);
  assert.deepEqual([...g.keys], [30]);
  g.key("b", 30, false);
  assert.deepEqual([...g.keys], []);
});

Deno.test("spectators and strangers press nothing", () => {
  const g = game("a");
  g.router.join("watcher", "spectator");
  g.key("watcher", 30, true);
  g.key("stranger", 30, true);
  g.send("watcher", connect(0));
  assert.deepEqual([g.seat, g.deviceEvents], [[], []]);
});

Deno.test("a player who becomes a spectator lets go of everything", () => {
  const g = game("a");
  g.key("a", 30, true);
  g.router.join("a", "player");
  assert.deepEqual([...g.keys], [30]);
  g.router.join("a", "spectator");
  assert.deepEqual(g.pressed, []);
  g.key("a", 31, true);
  assert.deepEqual(g.pressed, []);
});

Deno.test("release-all releases keys, buttons, fingers and pads of that viewer only", () => {
  const g = game("a", "b");
  for (const viewer of ["a", "b"]) {
    g.key(viewer, viewer === "a" ? 30 : 31, true);
    g.send(viewer, { kind: "button", timeMs: 0, code: 0x110, down: true });
    g.send(viewer, { kind: "touch", timeMs: 0, id: 0, phase: "down", x: 0, y: 0 });
    g.send(viewer, connect(0));
    g.pad(viewer, 0, 1);
  }
  assert.deepEqual([...g.touches], [0, 1]);
  g.now = 5;
  g.send("a", { kind: "release-all", timeMs: 5 });
  assert.deepEqual([...g.keys], [31]);
  assert.deepEqual([...g.buttons], [0x110]);
  assert.deepEqual([...g.touches], [1]);
  assert.deepEqual([g.pads.get(0)!.buttons, g.pads.get(1)!.buttons], [0, 1]);
  assert.deepEqual(g.router.padOwner(0), { viewerId: "a", pad: 0 });
});

Deno.test("a pad state that was sent before a release and comes after it presses nothing", () => {
  const g = game("a");
  g.send("a", connect(0));
  g.pad("a", 0, 1, 10);
  g.send("a", { kind: "release-all", timeMs: 12 });
  g.pad("a", 0, 1, 11);
  assert.deepEqual(g.pressed, []);
  g.pad("a", 0, 2, 13);
  assert.equal(g.pads.get(0)!.buttons, 2);
  g.send("a", { kind: "pad-disconnect", timeMs: 15, pad: 0 });
  g.pad("a", 0, 4, 14);
  assert.equal(g.pads.size, 0);
});

Deno.test("positions and pad states that come late are dropped, movement is not", () => {
  const g = game("a", "b");
  const move = (viewer: string, timeMs: number, x: number) =>
    g.send(viewer, { kind: "pointer-absolute", timeMs, x, y: 0 });
  move("a", 20, 1);
  move("a", 10, 0);
  move("b", 15, 0);
  for (const timeMs of [20, 10]) {
    g.send("a", { kind: "pointer-relative", timeMs, dx: 1, dy: 0 });
    g.send("a", { kind: "wheel", timeMs, dx: 0, dy: 120 });
  }
  const kinds = g.seat.map((event) => `${event.kind} ${event.timeMs}`);
  assert.deepEqual(kinds, [
    "pointer-absolute 20",
    "pointer-absolute 15",
    "pointer-relative 20",
    "wheel 20",
    "pointer-relative 10",
    "wheel 10",
  ]);
  g.send("a", connect(0));
  g.pad("a", 0, 2, 20);
  g.pad("a", 0, 1, 19);
  assert.equal(g.pads.get(0)!.buttons, 2);
});

Deno.test("of a press and its copies the first to come counts, whatever comes after", () => {
  const g = game("a");
  const told = () => g.seat.splice(0).map((event) => "down" in event && [event.code, event.down]);
  const key = (code: number, down: boolean, count?: number) =>
    g.send("a", { kind: "key", timeMs: 0, code, down, count });
  key(30, true, 5);
  key(30, true, 5);
  key(30, false, 6);
  key(30, true, 5);
  key(30, false, 6);
  assert.deepEqual(told(), [[30, true], [30, false]]);
  // A release before its press is a copy; the press and the release itself are still to come.
  key(31, false, 8);
  key(31, true, 7);
  key(31, false, 8);
  assert.deepEqual(told(), [[31, true], [31, false]]);
  // An older press of a key that was pressed again since.
  key(30, true, 10);
  key(30, false, 9);
  assert.deepEqual(told(), [[30, true]]);
  g.send("a", { kind: "release-all", timeMs: 0 });
  key(30, true, 10);
  assert.deepEqual(told(), [[30, false]]);
  key(30, true, 11);
  key(30, false);
  assert.deepEqual(told(), [[30, true], [30, false]]);
  const touch = (phase: "down" | "move" | "up", count?: number) =>
    g.send("a", { kind: "touch", timeMs: 0, id: 3, phase, x: 0, y: 0, count });
  for (const count of [12, 12]) touch("down", count);
  touch("move");
  for (const count of [13, 12, 13]) touch(count === 12 ? "down" : "up", count);
  assert.deepEqual(
    g.seat.map((event) => event.kind === "touch" && event.phase),
    ["down", "move", "up"],
  );
  // Counts are of one stay: who comes back begins anew.
  g.seat.length = 0;
  g.router.leave("a");
  g.router.join("a", "player");
  key(30, true, 1);
  assert.deepEqual(told(), [[30, true]]);
});

Deno.test("presses whose records were lost come with the next one, each once and in order", () => {
  const g = game("a");
  const told: number[] = [];
  const state = (change: number, ...buttons: number[]) => {
    const timeMs = ++g.now;
    const rest = { axes: [0, 0, 0, 0], triggers: [0, 0] } as Pick<PadState, "axes" | "triggers">;
    const before = buttons.slice(0, -1).map((buttons) => ({ buttons, triggers: rest.triggers }));
    const from = g.padRecords.length;
    g.send("a", {
      ...{ kind: "pad-state", timeMs, pad: 0, buttons: buttons.at(-1)!, change, before },
      ...rest,
    });
    told.push(...g.padRecords.slice(from).map(({ buttons }) => buttons));
    return told.splice(0);
  };
  g.send("a", connect(0));
  // What was before the first record that comes is unknown, and not made up for.
  assert.deepEqual(state(254, 1, 0), [0]);
  assert.deepEqual(state(254, 1, 0), [0]);
  assert.deepEqual(state(0, 1, 0, 2, 0), [2, 0]);
  assert.deepEqual(state(1, 0, 2, 0, 4), [4]);
  // More were lost than it has with it.
  assert.deepEqual(state(9, 8, 0, 16, 0, 32), [8, 0, 16, 0, 32]);
  assert.deepEqual(state(18, 4, 0, 2, 0), [4, 0, 2, 0]);
  // An older count than the last one, a hostile or a confused page: only what is.
  assert.deepEqual(state(17, 8, 0, 16, 0), [0]);
  g.send("a", { kind: "release-all", timeMs: ++g.now });
  assert.deepEqual(state(22, 0, 1, 0, 1, 0), [0]);
  g.send("a", { kind: "pad-disconnect", timeMs: ++g.now, pad: 0 });
  assert.deepEqual(state(26, 0, 1, 0, 1, 0), [0]);
});

Deno.test("pads of all viewers share four slots, in the order in which they connect", () => {
  const g = game("a", "b");
  g.send("a", connect(0));
  g.send("b", connect(0));
  g.send("a", connect(1));
  g.send("b", connect(3));
  g.send("b", connect(2));
  assert.deepEqual([0, 1, 2, 3].map((slot) => g.router.padOwner(slot)), [
    { viewerId: "a", pad: 0 },
    { viewerId: "b", pad: 0 },
    { viewerId: "a", pad: 1 },
    { viewerId: "b", pad: 3 },
  ]);
  g.pad("b", 2, 1);
  assert.deepEqual(g.pressed, []);
  g.pad("b", 3, 1);
  assert.equal(g.pads.get(3)!.buttons, 1);
});

Deno.test("a viewer who comes back finds its pad; another one takes over what is left", () => {
  const g = game("a", "b");
  g.send("a", connect(0));
  g.send("b", connect(0));
  g.pad("a", 0, 1);
  g.router.leave("a");
  assert.deepEqual(g.pressed, []);
  assert.deepEqual([g.router.padOwner(0), g.pads.size], [undefined, 2]);
  g.router.join("a", "player");
  // The page does not say again that it has a pad; its state is enough.
  g.now = 1;
  g.pad("a", 0, 4);
  assert.deepEqual([g.router.padOwner(0), g.pads.get(0)!.buttons], [{ viewerId: "a", pad: 0 }, 4]);
  g.router.leave("a");
  g.router.join("phone", "player");
  g.send("phone", connect(2));
  assert.deepEqual([g.router.padOwner(0), g.pads.size], [{ viewerId: "phone", pad: 2 }, 2]);
});

Deno.test("codes that are not keys or mouse buttons are dropped", () => {
  const g = game("a");
  for (const code of [0, 0x110, 0x130, 0x2ff]) g.key("a", code, true);
  for (const code of [30, 0x10f, 0x118, 0x130]) {
    g.send("a", { kind: "button", timeMs: 0, code, down: true });
  }
  assert.deepEqual(g.seat, []);
  g.router.record("a", new Uint8Array(3));
  assert.deepEqual(g.seat, []);
});

Deno.test("a flood is cut, but never a release, and the others are not slowed", () => {
  const g = game("a", "b");
  g.key("a", 30, true);
  for (let i = 0; i < 10000; i++) {
    g.send("a", { kind: "pointer-relative", timeMs: 0, dx: 1, dy: 0 });
  }
  assert.ok(g.seat.length < 2000);
  g.key("a", 31, true);
  g.key("a", 30, false);
  assert.deepEqual(g.pressed, []);
  g.key("b", 32, true);
  assert.deepEqual(g.pressed, [32]);
  g.now = 1000;
  g.key("a", 31, true);
  assert.deepEqual(g.pressed, [32, 31]);
});

Deno.test("whatever viewers do, after they leave nothing stays pressed", () => {
  let seed = 20261120;
  const random = (limit: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * limit);
  };
  const viewers = ["a", "b", "c"];
  for (let round = 0; round < 60; round++) {
    const g = game(...viewers);
    for (let step = 0; step < 400; step++) {
      const viewer = viewers[random(viewers.length)];
      g.now += random(4);
      const timeMs = g.now - random(20);
      const down = random(2) === 0;
      switch (random(9)) {
        case 0:
          g.send(viewer, { kind: "key", timeMs, code: 1 + random(5), down });
          break;
        case 1:
          g.send(viewer, { kind: "button", timeMs, code: 0x110 + random(3), down });
          break;
        case 2: {
          const phase = (["down", "move", "up", "cancel"] as const)[random(4)];
          g.send(viewer, { kind: "touch", timeMs, id: random(32), phase, x: 0, y: 0 });
          break;
        }
        case 3:
          g.send(viewer, { ...connect(random(4)), timeMs } as InputEvent);
          break;
        case 4:
        case 5:
          g.pad(viewer, random(4), random(1 << 17), timeMs);
          break;
        case 6:
          g.send(viewer, { kind: "pad-disconnect", timeMs, pad: random(4) });
          break;
        case 7:
          if (random(4) === 0) g.send(viewer, { kind: "release-all", timeMs });
          break;
        case 8:
          if (down && random(5) === 0) g.router.leave(viewer);
          else g.router.join(viewer, random(10) === 0 ? "spectator" : "player");
      }
    }
    const [last, ...others] = viewers;
    for (const viewer of others) g.router.leave(viewer);
    const held = g.pressed.length;
    g.router.leave(last);
    assert.deepEqual(g.pressed, [], `round ${round}, ${held} held before the last one left`);
    assert.deepEqual([0, 1, 2, 3].map((slot) => g.router.padOwner(slot)).filter(Boolean), []);
  }
});
