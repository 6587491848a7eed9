import assert from "node:assert/strict";
import { IdrGate } from "./idr_gate.ts";

Deno.test("the first wish is granted at once, those of the next 250 ms together at their end", () => {
  const gate = new IdrGate();
  assert.equal(gate.ask(1000), 0);
  assert.equal(gate.ask(1000), undefined);
  gate.made(1000);
  assert.equal(gate.ask(1100), 150);
  assert.equal(gate.ask(1200), undefined);
  gate.made(1250);
  assert.equal(gate.ask(2000), 0);
});
