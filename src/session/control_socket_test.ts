import assert from "node:assert/strict";
import { join } from "node:path";
import type { ToSession } from "../protocol/node.ts";
import { logSettings } from "../system/log.ts";
import { ControlSocket } from "./control_socket.ts";

async function withSocket(
  body: (socket: ControlSocket, path: string, seen: ToSession[]) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "control.sock");
  const socket = new ControlSocket(path);
  const seen: ToSession[] = [];
  socket.onMessage = (message) => seen.push(message);
  const { write } = logSettings;
  logSettings.write = () => {};
  try {
    await body(socket, path, seen);
  } finally {
    logSettings.write = write;
    await socket.close();
    await Deno.remove(folder, { recursive: true });
  }
}

const connect = (path: string) => Deno.connect({ transport: "unix", path });
async function say(agent: Deno.UnixConn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) sent += await agent.write(bytes.subarray(sent));
}

async function until(check: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !check(); i++) await new Promise((resolve) => setTimeout(resolve, 4));
  assert.ok(check());
}

Deno.test("messages arrive whole although the stream cuts them anywhere", async () => {
  await withSocket(async (socket, path, seen) => {
    const agent = await connect(path);
    const text = JSON.stringify({ type: "end", reason: "ünd" }) + "\n";
    for (const byte of new TextEncoder().encode(text)) await agent.write(new Uint8Array([byte]));
    await until(() => seen.length === 1);
    assert.deepEqual(seen, [{ type: "end", reason: "ünd" }]);
    socket.send({ type: "signal", viewerId: "v1", message: { type: "bye", reason: "over" } });
    const buffer = new Uint8Array(1000);
    const length = await agent.read(buffer);
    assert.match(new TextDecoder().decode(buffer.subarray(0, length!)), /"bye"/);
    agent.close();
  });
});

Deno.test("a message of the wrong form is refused and the next one still works", async () => {
  await withSocket(async (_socket, path, seen) => {
    const agent = await connect(path);
    await say(agent, '{"type":"viewer-join","viewerId":"../etc","name":"x","role":"player"}\n');
    await say(agent, '{"type":"end","reason":"good"}\n');
    await until(() => seen.length === 1);
    assert.equal(seen[0].type, "end");
    agent.close();
  });
});

Deno.test("garbage and endless lines drop the agent, and another one may come", async () => {
  await withSocket(async (socket, path, seen) => {
    const presence: boolean[] = [];
    socket.onAgent = (present) => presence.push(present);
    for (const hostile of ["not json\n", "x".repeat(400_000)]) {
      const agent = await connect(path);
      await say(agent, hostile).catch(() => {});
      await until(() => presence.at(-1) === false);
      presence.length = 0;
      try {
        agent.close();
      } catch {
        // The other end was quicker.
      }
    }
    const agent = await connect(path);
    await say(agent, '{"type":"viewer-leave","viewerId":"v1"}\n');
    await until(() => seen.length === 1);
    agent.close();
  });
});

Deno.test("a new agent replaces the one before", async () => {
  await withSocket(async (_socket, path, seen) => {
    const old = await connect(path);
    await say(old, '{"type":"end","reason":"old"}\n');
    await until(() => seen.length === 1);
    const fresh = await connect(path);
    assert.equal(await old.read(new Uint8Array(1)), null);
    await say(fresh, '{"type":"end","reason":"new"}\n');
    await until(() => seen.length === 2);
    old.close();
    fresh.close();
  });
});
