import assert from "node:assert/strict";
import { Backoff } from "./backoff.ts";
import { replaceById } from "./house.ts";
import { modeFor, Preferences } from "./preferences.ts";

Deno.test("the mode fits the screen: 16:9 up to 1080p, or as wide as an ultrawide screen", () => {
  const automatic = { height: null, fps: null };
  assert.deepEqual(modeFor({ width: 1920, height: 1080 }, automatic), {
    width: 1920,
    height: 1080,
    fps: 60,
  });
  assert.deepEqual(modeFor({ width: 1280, height: 800 }, automatic), {
    width: 1280,
    height: 720,
    fps: 60,
  });
  assert.equal(modeFor({ width: 1170, height: 2532 }, automatic).width, 1920, "a phone upright");
  assert.equal(modeFor({ width: 3840, height: 2160 }, automatic).height, 1080);
  assert.equal(modeFor({ width: 3440, height: 1440 }, automatic).width, 2580);
});

Deno.test("a wish for size and rate is kept, within what the protocol carries", () => {
  const mode = modeFor({ width: 5120, height: 1440 }, { height: 2160, fps: 120 });
  assert.deepEqual(mode, { width: 3840, height: 2160, fps: 120 });
  const tiny = modeFor({ width: 0, height: 0 }, { height: null, fps: null });
  assert.deepEqual([tiny.height, tiny.width % 2], [480, 0]);
});

Deno.test("broken preferences fall back one by one", () => {
  const read = Preferences.parse({ volume: 7, touchMode: "mouse", keyboard: { layout: 5 } });
  assert.equal(read.volume, 1);
  assert.equal(read.touchMode, "mouse");
  assert.deepEqual(read.keyboard, { layout: "us", variant: "" });
});

Deno.test("waiting times double up to a ceiling and begin anew after a success", () => {
  const backoff = new Backoff(250, 5000, () => 1);
  assert.deepEqual(Array.from({ length: 6 }, () => backoff.next()), [
    250,
    500,
    1000,
    2000,
    4000,
    5000,
  ]);
  backoff.reset();
  assert.equal(backoff.next(), 250);
  assert.equal(new Backoff(100, 100, () => 0).next(), 75);
});

Deno.test("an item replaces the one with its id, or comes last", () => {
  const list = [{ id: "a", n: 1 }, { id: "b", n: 1 }];
  assert.deepEqual(replaceById(list, { id: "a", n: 2 }), [{ id: "a", n: 2 }, { id: "b", n: 1 }]);
  assert.deepEqual(replaceById(list, { id: "c", n: 1 }).map(({ id }) => id), ["a", "b", "c"]);
});
