import assert from "node:assert/strict";
import type { SessionSpec } from "../protocol/session.ts";
import { parseSpec, readSpec } from "./spec.ts";

const spec: SessionSpec = {
  id: "s-1",
  title: "Test card",
  owner: "u-1",
  ownerName: "Ada",
  sharing: "private",
  node: "box",
  gameId: "testcard",
  source: { kind: "testcard" },
  mode: { width: 1280, height: 720, fps: 60 },
  keyboard: { layout: "us", variant: "" },
  iceServers: [],
  iceAddresses: [],
  runDir: "/run/gamelan/s-1",
  dataDir: "/var/lib/gamelan",
  graceSeconds: 10,
  orphanSeconds: 10,
  maxBitrateMbps: 20,
  limits: { memoryMb: 1000, cpus: 0, pids: 100, scratchMb: 100 },
};

const input = (...parts: string[]) =>
  ReadableStream.from(parts.map((part) => new TextEncoder().encode(part)));

Deno.test("the specification is the first line, in whatever pieces it comes", async () => {
  const text = JSON.stringify(spec);
  assert.deepEqual(await readSpec(input(text.slice(0, 30), text.slice(30), "\nrest")), spec);
});

Deno.test("the end of the input without a line is no specification", async () => {
  assert.equal(await readSpec(input()), undefined);
  assert.equal(await readSpec(input(JSON.stringify(spec))), undefined);
});

Deno.test("a line without end is refused before it fills the memory", async () => {
  let given = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      given += 4096;
      controller.enqueue(new Uint8Array(4096).fill(32));
    },
  });
  await assert.rejects(readSpec(endless), /at most 65536 characters/);
  assert.ok(given < 100_000);
  await assert.rejects(readSpec(input(" ".repeat(70_000) + "\n")), /at most/);
});

Deno.test("what is wrong is named", () => {
  const wrong = (changes: Record<string, unknown>) => () =>
    parseSpec(JSON.stringify({ ...spec, ...changes }));
  assert.throws(() => parseSpec("{"), /one line of JSON/);
  assert.throws(() => parseSpec("null"), /specification: /);
  assert.throws(wrong({ id: "../../etc" }), /id: expected a-z/);
  assert.throws(wrong({ gameId: "a/b" }), /gameId: /);
  assert.throws(wrong({ source: { kind: "shell", argv: ["sh"] } }), /source/);
  assert.throws(wrong({ source: { kind: "x11", display: ":0; rm" } }), /source.display/);
  assert.throws(wrong({ mode: { width: 1e9, height: 720, fps: 60 } }), /mode.width/);
  assert.throws(wrong({ keyboard: { layout: "us\n}; include", variant: "" } }), /keyboard.layout/);
  assert.throws(wrong({ limits: { ...spec.limits, pids: -1 } }), /limits.pids/);
  assert.throws(wrong({ graceSeconds: null }), /graceSeconds/);
});

Deno.test("a damaged specification never passes as something else, whatever the damage", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  const text = JSON.stringify(spec);
  for (let round = 0; round < 2000; round++) {
    const characters = [...text];
    for (let changes = 1 + random(4); changes > 0; changes--) {
      characters.splice(
        random(characters.length),
        random(3),
        String.fromCharCode(32 + random(95)),
      );
    }
    try {
      const { id, gameId, mode } = parseSpec(characters.join(""));
      assert.match(id + gameId, /^[a-z0-9-]+$/);
      assert.ok(mode.width <= 3840 && mode.height <= 2160);
    } catch (error) {
      assert.match((error as Error).message, /specification/);
    }
  }
});
