import assert from "node:assert/strict";
import { type Box, DirectionRepeat, nextInDirection } from "./spatial.ts";

const box = (left: number, top: number, width = 100, height = 60): Box => ({
  left,
  top,
  right: left + width,
  bottom: top + height,
});

/** Three tiles a row, two rows, the last row short. */
const tiles = [box(0, 0), box(120, 0), box(240, 0), box(0, 80), box(120, 80)];
const from = (index: number, direction: "up" | "down" | "left" | "right") => {
  const others = tiles.filter((_, i) => i !== index);
  const next = nextInDirection(tiles[index], others, direction);
  return next < 0 ? -1 : tiles.indexOf(others[next]);
};

Deno.test("focus walks a grid by rows and columns", () => {
  assert.equal(from(0, "right"), 1);
  assert.equal(from(1, "right"), 2);
  assert.equal(from(2, "left"), 1);
  assert.equal(from(0, "down"), 3);
  assert.equal(from(4, "up"), 1);
});

Deno.test("from the end of a long row down leads to the nearest of a short one", () => {
  assert.equal(from(2, "down"), 4);
});

Deno.test("there is nothing beyond the edge", () => {
  assert.equal(from(2, "right"), -1);
  assert.equal(from(0, "up"), -1);
  assert.equal(from(0, "left"), -1);
});

Deno.test("from a column of links right leads into the content, not to the page's head", () => {
  const link = box(0, 300, 150, 40);
  const head = box(700, 0, 80, 40);
  const content = box(250, 280, 400, 300);
  assert.equal(nextInDirection(link, [head, content], "right"), 1);
});

Deno.test("a held direction steps once, pauses, and then runs", () => {
  const repeat = new DirectionRepeat(380, 110);
  assert.equal(repeat.update("down", 0), "down");
  assert.equal(repeat.update("down", 100), undefined);
  assert.equal(repeat.update("down", 379), undefined);
  assert.equal(repeat.update("down", 380), "down");
  assert.equal(repeat.update("down", 400), undefined);
  assert.equal(repeat.update("down", 490), "down");
  assert.equal(repeat.update("left", 500), "left");
  assert.equal(repeat.update(undefined, 510), undefined);
  assert.equal(repeat.update("left", 520), "left");
});

Deno.test("sideways, the far end of the row comes before what is near in another row", () => {
  const name: Box = { left: 80, top: 30, right: 280, bottom: 80 };
  const tile: Box = { left: 90, top: 180, right: 500, bottom: 500 };
  const settings: Box = { left: 1400, top: 30, right: 1560, bottom: 90 };
  assert.equal(nextInDirection(name, [tile, settings], "right"), 1);
  assert.equal(nextInDirection(name, [tile], "right"), 0);
});
