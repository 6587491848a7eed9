import assert from "node:assert/strict";
import { PushRows } from "./push_rows.ts";
import { Drawing } from "./push_table.ts";

const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `box-${String(from + at).padStart(2, "0")}`);

const FORTY = [
  { name: "canary", hosts: names(1, 2) },
  { name: "upstairs", hosts: names(3, 10) },
  { name: "rest", hosts: names(11, 40) },
];
const TERMINAL = { columns: 80, lines: 24 };

/** Test double of a terminal: it knows newlines, "up" and "erase below", and wraps like a real one. */
class PlayedTerminal {
  readonly screen: string[] = [""];
  #row = 0;

  constructor(public columns: number, public lines: number) {}

  size = () => ({ columns: this.columns, lines: this.lines });

  write(text: string): void {
    const [plain, ...controlled] = text.split("\x1b");
    this.#print(plain);
    for (const part of controlled) {
      const [, count, what, rest] = /^\[(\d*)([AJ])([^]*)$/.exec(part)!;
      if (what === "A") this.#row = Math.max(0, this.#row - Number(count));
      else this.screen.splice(this.#row, Infinity, "");
      this.#print(rest);
    }
  }

  #print(text: string): void {
    for (const character of text) {
      if (character === "\n") this.#next();
      else {
        if (this.screen[this.#row].length === this.columns) this.#next();
        this.screen[this.#row] += character;
      }
    }
  }

  #next(): void {
    this.#row++;
    this.screen[this.#row] ??= "";
    if (this.screen.length <= this.lines) return;
    this.screen.shift();
    this.#row--;
  }
}

Deno.test("where they fit, every box has a row in the order of the push, and a line counts them", () => {
  let now = 1000;
  const rows = new PushRows([{ name: "canary", hosts: ["attic"] }, {
    name: "rest",
    hosts: ["den"],
  }], () => now);
  rows.step("attic", "rebooting", "");
  now += 12_400;
  assert.deepEqual(rows.shown(TERMINAL), [
    "attic  canary      rebooting            12 s",
    "den    rest        waiting",
    "0 done, 0 unchanged, 0 failed, 1 waiting",
  ]);
  rows.result({ host: "attic", outcome: "done", detail: "runs 1.2.0 from slot b" });
  rows.step("den", "waits for players", "1 game is being played; 60 min at most");
  assert.deepEqual(rows.shown(TERMINAL), [
    "attic  canary      done                       runs 1.2.0 from slot b",
    "den    rest        waits for players     0 s  1 game is being played; 60 min a…",
    "1 done, 0 unchanged, 0 failed, 0 waiting, 1 waits for players",
  ]);
  rows.result({ host: "den", outcome: "played", detail: "the box was left alone" });
  assert.match(rows.shown(TERMINAL)[2], /^1 done, 0 unchanged, 0 failed, 0 waiting, 1 played$/);
});

Deno.test("of forty boxes on 24 lines, those that failed or are at work are shown, all are counted", () => {
  const rows = new PushRows(FORTY, () => 0);
  assert.deepEqual(rows.shown(TERMINAL), ["0 done, 0 unchanged, 0 failed, 40 waiting"]);
  for (const host of names(1, 10)) rows.result({ host, outcome: "done", detail: "runs" });
  for (const host of names(11, 17)) rows.step(host, "sending", "");
  rows.step("box-18", "waits for players", "");
  rows.result({ host: "box-19", outcome: "failed", detail: "The box's disk is full" });
  const shown = rows.shown(TERMINAL);
  assert.deepEqual(shown.map((line) => line.split(/ {2,}/).slice(0, 3).join(" ")), [
    "box-19 rest failed",
    ...names(11, 17).map((host) => `${host} rest sending`),
    "box-18 rest waits for players",
    "10 done, 0 unchanged, 1 failed, 21 waiting, 1 waits for players",
  ]);
  assert.match(shown[0], /The box's disk is full$/);
});

Deno.test("more than fits are cut, and what failed is never among what is left out", () => {
  const rows = new PushRows(FORTY, () => 0);
  for (const host of names(1, 39)) rows.step(host, "applying", "");
  rows.result({ host: "box-40", outcome: "failed", detail: "gone" });
  const shown = rows.shown(TERMINAL);
  // One line is the cursor's, and one is left.
  assert.equal(shown.length, 22);
  assert.match(shown[0], /^box-40 .*failed/);
  assert.match(shown[20], /^box-20 /);
  for (const lines of [1, 2, 3, 4]) {
    assert.ok(
      rows.shown({ columns: 80, lines }).length <= Math.max(1, lines - 2),
      `${lines} lines`,
    );
  }
});

Deno.test("a long name leaves room for the state, and no line is wider than the terminal", () => {
  const long = "the-box-in-the-attic-behind-the-chimney-that-nobody-likes";
  const waves = [{ name: "a-very-long-tag", hosts: [long, "den"] }];
  for (const columns of [20, 40, 80, 200]) {
    const rows = new PushRows(waves, () => 0);
    rows.step(long, "waits for players", "2 games are being played; 60 min at most");
    rows.step("den", "sending", "try 2 ".repeat(50));
    const shown = rows.shown({ columns, lines: 24 });
    assert.ok(shown.every((line) => line.length < columns), shown.join("\n"));
    if (columns < 80) continue;
    const cells = shown.map((line) => line.split(/ {2,}/));
    const name = columns === 80 ? "the-box-in-the-atti…" : `${long.slice(0, 49)}…`;
    assert.deepEqual(cells[0].slice(0, 4), [name, "a-very-lo…", "waits for players", "0 s"]);
    assert.deepEqual(cells[1].slice(0, 4), ["den", "a-very-lo…", "sending", "0 s"]);
    assert.match(shown[1], /try 2 .*…$/);
  }
});

Deno.test("what a box says moves no cursor and begins no line", () => {
  const rows = new PushRows([{ name: "rest", hosts: ["den"] }], () => 0);
  rows.result({ host: "den", outcome: "failed", detail: "one\ntwo\x1b[2J\x07\tthree" });
  assert.match(rows.shown(TERMINAL)[0], /failed {20,}one two\[2J three$/);
});

Deno.test("the table is drawn over itself, whatever was shown before, and taken away at the end", () => {
  const terminal = new PlayedTerminal(80, 24);
  terminal.write("Push of version 1.2.0\n");
  const rows = new PushRows(FORTY, () => 0);
  const drawing = new Drawing(terminal);
  const seen = () => terminal.screen.slice(0, -1);
  drawing.draw(rows);
  assert.deepEqual(seen(), ["Push of version 1.2.0", ...rows.shown(terminal.size())]);
  for (const host of names(1, 38)) {
    rows.step(host, "sending", "x".repeat(200));
    drawing.draw(rows);
    drawing.draw(rows);
    assert.deepEqual(
      seen().slice(-rows.shown(terminal.size()).length),
      rows.shown(terminal.size()),
    );
    assert.ok(terminal.screen.length <= 24);
  }
  assert.equal(seen()[0], "Push of version 1.2.0");
  assert.equal(seen().length, 23);
  for (const host of names(1, 38)) rows.result({ host, outcome: "done", detail: "runs" });
  drawing.draw(rows);
  assert.deepEqual(seen(), ["Push of version 1.2.0", "38 done, 0 unchanged, 0 failed, 2 waiting"]);
  drawing.erase();
  drawing.erase();
  assert.deepEqual(terminal.screen, ["Push of version 1.2.0", ""]);
});
