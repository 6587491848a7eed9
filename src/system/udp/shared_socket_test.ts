import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import type { Buffer } from "node:buffer";
import { Message } from "werift";
import {
  admitBindingRequests,
  admitNothing,
  openListener,
  openSharedSocket,
  type SharedSocket,
} from "./shared_socket.ts";

const LOOPBACK = { 4: "127.0.0.1", 6: "::1" } as const;
const settle = () => new Promise((resolve) => setTimeout(resolve, 100));
const close = (...sockets: Socket[]) =>
  Promise.all(
    sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
  );

async function remote(family: 4 | 6): Promise<Socket> {
  const socket = createSocket(family === 4 ? "udp4" : "udp6");
  await new Promise<void>((resolve) => socket.bind(0, LOOPBACK[family], () => resolve()));
  return socket;
}

async function freePort(): Promise<number> {
  const socket = await remote(4);
  const { port } = socket.address();
  await close(socket);
  return port;
}

function heard({ socket }: SharedSocket): string[] {
  const messages: string[] = [];
  socket.on("message", (data: Buffer) => messages.push(data.toString("latin1")));
  socket.on("error", () => {});
  return messages;
}

for (const family of [4, 6] as const) {
  Deno.test(`IPv${family}: a connected socket gets its remote's datagrams, the listener the rest`, async () => {
    const port = await freePort();
    const address = LOOPBACK[family];
    const [known, other, stranger] = [
      await remote(family),
      await remote(family),
      await remote(family),
    ];
    const listener = await openListener(port, family);
    const first = await openSharedSocket(port, family, { address, port: known.address().port });
    const second = await openSharedSocket(port, family, { address, port: other.address().port });
    const [rest, ones, twos] = [heard(listener), heard(first), heard(second)];
    for (let i = 0; i < 20; i++) {
      known.send("known", port, address);
      other.send("other", port, address);
      stranger.send("stranger", port, address);
    }
    await settle();
    assert.deepEqual([...new Set(ones)], ["known"]);
    assert.deepEqual([...new Set(twos)], ["other"]);
    assert.deepEqual([...new Set(rest)], ["stranger"]);
    assert.deepEqual([ones.length, twos.length, rest.length], [20, 20, 20]);

    // Without a listener the connected ones go on, and a new one finds its place.
    await close(listener.socket);
    known.send("alone", port, address);
    stranger.send("nobody", port, address);
    await settle();
    assert.equal(ones.at(-1), "alone");
    const next = await openListener(port, family);
    const restAgain = heard(next);
    known.send("with", port, address);
    stranger.send("again", port, address);
    await settle();
    assert.equal(ones.at(-1), "with");
    assert.deepEqual(restAgain, ["again"]);

    // The shared port is also where it sends from.
    const from = new Promise<number>((resolve) =>
      known.once("message", (_, { port }) => resolve(port))
    );
    first.socket.send("back", known.address().port, address);
    assert.equal(await from, port);
    await close(known, other, stranger, first.socket, second.socket, next.socket);
  });
}

Deno.test("a remote that is gone for a while is heard again", async () => {
  const port = await freePort();
  const gone = await remote(4);
  const at = gone.address().port;
  const connected = await openSharedSocket(port, 4, { address: "127.0.0.1", port: at });
  const messages = heard(connected);
  await close(gone);
  // The kernel's "port unreachable" comes back as an error of the connected socket.
  for (let i = 0; i < 3; i++) connected.socket.send("?", at, "127.0.0.1", () => {});
  await settle();
  const back = createSocket("udp4");
  await new Promise<void>((resolve) => back.bind(at, "127.0.0.1", () => resolve()));
  back.send("back", port, "127.0.0.1");
  await settle();
  assert.deepEqual(messages, ["back"]);
  await close(back, connected.socket);
});

Deno.test("a port has one listener, and a foreign program's port none", async () => {
  const port = await freePort();
  const listener = await openListener(port, 4);
  await assert.rejects(openListener(port, 4), /another Gamelan of this user listens there/);
  await close(listener.socket);
  const program = await remote(4);
  await assert.rejects(openListener(program.address().port, 4), /bind: Address already in use/);
  await close(program);
});

Deno.test("binding requests pass the filter, and nothing else; none when it is shut", async () => {
  const port = await freePort();
  const listener = await openListener(port, 4);
  const messages = heard(listener);
  const sender = await remote(4);
  admitBindingRequests(listener.descriptor, 548);
  const send = (data: Uint8Array) => sender.send(data, port, "127.0.0.1");
  const request = new Message(1, 0).bytes;
  const wrongCookie = Uint8Array.from(request);
  wrongCookie[4] ^= 1;
  for (
    const bytes of [
      new Uint8Array(0),
      request.slice(0, 11),
      wrongCookie,
      new Message(1, 0x100).bytes,
      Uint8Array.of(0x80, 96, ...new Array(100).fill(0)),
      new Uint8Array([...request, ...new Array(549 - request.length).fill(0)]),
    ]
  ) send(bytes);
  await settle();
  assert.deepEqual(messages, []);
  send(request);
  await settle();
  assert.equal(messages.length, 1);
  admitNothing(listener.descriptor);
  send(request);
  await settle();
  assert.equal(messages.length, 1);
  admitBindingRequests(listener.descriptor, 548);
  send(request);
  await settle();
  assert.equal(messages.length, 2);
  await close(sender, listener.socket);
});
