import assert from "node:assert/strict";
import { join } from "node:path";
import type { HandOver } from "../protocol/udp.ts";
import { JsonLines } from "../system/json_lines.ts";
import { HandOverLink } from "./hand_over.ts";

const message: HandOver = { address: "192.0.2.9", port: 4711, datagram: "AAAA" };
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function withSocket(run: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "gamelan-hand-over-" });
  try {
    await run(join(directory, "udp-1.sock"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Listens as a session does; returns what comes. */
function session(path: string) {
  const listener = Deno.listen({ transport: "unix", path });
  const received: unknown[] = [];
  const connections: JsonLines[] = [];
  (async () => {
    for await (const connection of listener) {
      const lines = new JsonLines(connection, 10_000);
      connections.push(lines);
      lines.read((value) => received.push(value)).catch(() => {});
    }
  })();
  return {
    received,
    close() {
      listener.close();
      for (const lines of connections) lines.close();
    },
  };
}

Deno.test("datagrams reach the session in order, and one that comes back after it was gone", async () => {
  await withSocket(async (path) => {
    const link = new HandOverLink(path);
    await link.send(message);
    const first = session(path);
    await link.send({ ...message, port: 1 });
    await link.send({ ...message, port: 2 });
    await sleep(50);
    assert.deepEqual(first.received, [{ ...message, port: 1 }, { ...message, port: 2 }]);
    first.close();
    await Deno.remove(path).catch(() => {});
    await sleep(50);
    await link.send(message);
    const second = session(path);
    await link.send({ ...message, port: 3 });
    await sleep(50);
    assert.deepEqual(second.received, [{ ...message, port: 3 }]);
    second.close();
    await link.close();
  });
});

Deno.test("a session gets a bounded number of them in a second", async () => {
  await withSocket(async (path) => {
    const end = session(path);
    const link = new HandOverLink(path);
    const started = performance.now();
    for (let i = 0; i < 2000; i++) await link.send(message);
    await sleep(100);
    const seconds = (performance.now() - started) / 1000;
    assert.ok(end.received.length >= 100, `${end.received.length} came`);
    assert.ok(end.received.length <= 101 + 100 * seconds, `${end.received.length} came`);
    end.close();
    await link.close();
  });
});

Deno.test("for a session that does not read, nothing piles up", async () => {
  await withSocket(async (path) => {
    const listener = Deno.listen({ transport: "unix", path });
    const link = new HandOverLink(path);
    const large = { ...message, datagram: "A".repeat(60_000) };
    let waiting = 0;
    let most = 0;
    for (let i = 0; i < 600; i++) {
      waiting++;
      most = Math.max(most, waiting);
      link.send(large).finally(() => waiting--);
      await sleep(2);
    }
    assert.equal(most, 33, "those that wait, and the one that is dropped");
    await link.close();
    listener.close();
  });
});
