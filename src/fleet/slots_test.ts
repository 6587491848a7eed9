import assert from "node:assert/strict";
import { inSlots } from "./slots.ts";

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

Deno.test("as many work at the same time as there are slots, and no more", async () => {
  for (const limit of [1, 3, 8, 50]) {
    let working = 0;
    let most = 0;
    const begun: number[] = [];
    const items = Array.from({ length: 20 }, (_, index) => index);
    await inSlots(items, limit, async (item) => {
      begun.push(item);
      most = Math.max(most, ++working);
      await pause(1 + item % 4);
      working--;
    });
    assert.equal(most, Math.min(limit, items.length));
    assert.deepEqual(begun, items);
  }
});

Deno.test("who waits aside takes nobody's place, and comes before those not begun", async () => {
  const order: string[] = [];
  let working = 0;
  let most = 0;
  const work = async (name: string) => {
    order.push(name);
    most = Math.max(most, ++working);
    await pause(20);
    working--;
  };
  await inSlots(["a", "b", "c", "d"], 1, async (name, slot) => {
    await work(name);
    if (name !== "a") return;
    await slot.aside(() => pause(30));
    await work("a again");
  });
  assert.deepEqual(order, ["a", "b", "c", "a again", "d"]);
  assert.equal(most, 1);
});

Deno.test("nothing is begun any more once it shall stop, and what failed aside gives its place back", async () => {
  const begun: string[] = [];
  await inSlots(["a", "b", "c"], 1, async (name, slot) => {
    begun.push(name);
    const waited = slot.aside(() => Promise.reject(new Error("gone")));
    await assert.rejects(waited, /gone/);
  }, () => begun.length === 2);
  assert.deepEqual(begun, ["a", "b"]);
});
