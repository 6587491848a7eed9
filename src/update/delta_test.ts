import assert from "node:assert/strict";
import { join } from "node:path";
import { applyDelta, writeDelta } from "./delta.ts";
import { BundleRefused } from "./refused.ts";

const random = (bytes: number) => {
  const content = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) {
    crypto.getRandomValues(content.subarray(at, Math.min(at + 65_536, bytes)));
  }
  return content;
};

interface Place {
  path(name: string): string;
  /** Makes the delta of two contents and gives its size. */
  delta(base: Uint8Array, target: Uint8Array): Promise<number>;
  /** Applies it and gives what it made. */
  apply(maxBytes: number): Promise<Uint8Array>;
}

async function within(test: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-delta-" });
  const path = (name: string) => join(folder, name);
  try {
    await test({
      path,
      delta: async (base, target) => {
        await Deno.writeFile(path("base"), base);
        await Deno.writeFile(path("target"), target);
        await writeDelta(path("base"), "root_1.raw", path("target"), path("delta"));
        return (await Deno.stat(path("delta"))).size;
      },
      apply: async (maxBytes) => {
        const find = (name: string) =>
          Promise.resolve(name === "root_1.raw" ? path("base") : undefined);
        await applyDelta(path("delta"), path("made"), maxBytes, find);
        return await Deno.readFile(path("made"));
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a delta makes the file, and is about as large as what changed", () =>
  within(async ({ path, delta, apply }) => {
    const base = random(3_000_000);
    const changed = base.slice();
    changed.set(random(2000), 1_000_000);
    const moved = new Uint8Array(base.length + 512);
    moved.set(base.subarray(0, 512 * 100));
    moved.set(random(512), 512 * 100);
    moved.set(base.subarray(512 * 100), 512 * 101);
    for (
      const [target, most] of [
        [base, 1000],
        [changed, 5000],
        [moved, 5000],
        [base.slice(0, 1_234_567), 2000],
        [new Uint8Array(0), 400],
        [random(700_001), 720_000],
      ] as const
    ) {
      const size = await delta(base, target);
      assert.ok(size <= most, `${size} bytes, at most ${most}`);
      assert.deepEqual(await apply(target.length), target);
      // A partition is longer than the file that it holds.
      await Deno.writeFile(path("base"), random(10_000), { append: true });
      assert.deepEqual(await apply(target.length), target);
    }
  }));

Deno.test("a full disk is not taken for a damaged delta", () =>
  within(async ({ path, delta, apply }) => {
    const base = random(100_000);
    await delta(base, base);
    await Deno.symlink("/dev/full", path("made"));
    await assert.rejects(apply(base.length), (error: Error) => {
      assert.ok(!(error instanceof BundleRefused));
      assert.match(error.message, /No space left on device/);
      return true;
    });
  }));

Deno.test("without its base a delta is refused in plain words", () =>
  within(async ({ path, delta }) => {
    await delta(random(5000), random(5000));
    const nowhere = () => Promise.resolve(undefined);
    await assert.rejects(
      applyDelta(path("delta"), path("made"), 5000, nowhere),
      /only what differs from root_1\.raw, which does not run here; use the whole one/,
    );
  }));

Deno.test("damaged, cut and hostile deltas end in BundleRefused, and never with more than was signed", () =>
  within(async ({ path, delta, apply }) => {
    const [base, target] = [random(100_000), random(100_000)];
    target.set(base.subarray(0, 50_000));
    await delta(base, target);
    const good = await Deno.readFile(path("delta"));
    const end = good.indexOf(10) + 1;
    const patch = good.slice(end);
    const pack = (changes: Record<string, unknown>, segment = {}, content = patch) => {
      const header = JSON.stringify({
        base: "root_1.raw",
        baseBytes: base.length,
        segments: [{ bytes: target.length, patch: patch.length, ...segment }],
        ...changes,
      });
      const head = new TextEncoder().encode(`gamelan-delta-1 ${header}\n`);
      const packed = new Uint8Array(head.length + content.length);
      packed.set(head);
      packed.set(content, head.length);
      return packed;
    };
    await Deno.writeFile(path("delta"), pack({}));
    assert.deepEqual(await apply(target.length), target);
    const cases: Uint8Array[] = [
      new Uint8Array(),
      random(5000),
      good.slice(0, end),
      good.slice(0, good.length / 2),
      pack({ segments: [] }),
      pack({ segments: "all" }),
      pack({ baseBytes: -1 }),
      pack({ baseBytes: 2 ** 39 }),
      pack({ more: 1 }),
      pack({}, { bytes: 2 ** 39 }),
      pack({}, { patch: 2 ** 39 }),
      pack({}, { patch: 10 }),
      pack({}, {}, random(patch.length)),
      pack({ baseBytes: 70_000 }),
      // A patch that makes more than it says, and one that makes less.
      pack({ segments: [{ bytes: 50_000, patch: patch.length }, { bytes: 50_000, patch: 1 }] }),
      pack({ segments: [{ bytes: 100_000 - 1, patch: patch.length }, { bytes: 1, patch: 1 }] }),
    ];
    for (const [at, bytes] of cases.entries()) {
      await Deno.writeFile(path("delta"), bytes);
      await assert.rejects(apply(target.length), BundleRefused, `case ${at}`);
      const { size } = await Deno.stat(path("made")).catch(() => ({ size: 0 }));
      assert.ok(size <= target.length);
      await Deno.remove(path("made")).catch(() => {});
    }
  }));
