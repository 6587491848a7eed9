import assert from "node:assert/strict";
import type { DisplayEvent } from "../../media/stages.ts";
import { EventPace } from "./event_pace.ts";

Deno.test("the first event goes at once, then the newest of each type, others untouched", () => {
  const sent: DisplayEvent[] = [];
  const timers: (() => void)[] = [];
  const at = (_timeMs: number, call: () => void) => {
    timers.push(call);
    return { cancel() {} };
  };
  const pace = new EventPace({ at }, (event) => sent.push(event));
  for (const title of ["a", "b", "c"]) pace.emit({ type: "windows", titles: [title] });
  for (const locked of [true, false]) pace.emit({ type: "pointer-lock", locked });
  for (const message of ["1", "2"]) pace.emit({ type: "failed", message });
  const said = () =>
    sent.splice(0).map((event) =>
      event.type === "windows"
        ? event.titles[0]
        : event.type === "failed"
        ? event.message
        : event.type
    );
  assert.deepEqual(said(), ["a", "pointer-lock", "1", "2"]);
  assert.equal(timers.length, 2);
  for (const timer of timers.splice(0)) timer();
  assert.deepEqual(said(), ["c", "pointer-lock"]);
  pace.emit({ type: "windows", titles: ["d"] });
  assert.deepEqual(said(), []);
  assert.equal(timers.length, 1);
});
