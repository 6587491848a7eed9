import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { Message } from "werift";
import { findUdpSocket } from "../../system/udp/socket_fd.ts";
import { OwnPort } from "./own_port.ts";

Deno.test("the descriptor of a bound socket is found, and of a closed one is not", async () => {
  const mux = await OwnPort.open(undefined, false);
  assert.equal(mux.descriptor("127.0.0.1"), findUdpSocket(mux.port, 4));
  assert.ok(mux.descriptor("127.0.0.1")! > 2);
  const { port } = mux;
  await mux.close();
  assert.equal(mux.descriptor("127.0.0.1"), undefined);
  assert.equal(findUdpSocket(port, 4), undefined);
});

Deno.test("checks without a viewer's password reach nobody", async () => {
  const mux = await OwnPort.open(undefined, false);
  const seen: string[] = [];
  mux.attach({
    usernameFragment: "ours",
    authenticates: (request) => request.includes("secret"),
    awaits: () => false,
    receive: (data) => seen.push(data.toString("latin1", 0, 1)),
  });
  const socket = createSocket("udp4");
  const send = (data: Uint8Array) =>
    new Promise<void>((resolve) => socket.send(data, mux.port, "127.0.0.1", () => resolve()));
  const check = (software: string) =>
    (new Message(1, 0).setAttribute("USERNAME", "ours:theirs").setAttribute(
      "SOFTWARE",
      software,
    ) as Message).bytes;
  // Media before any check, a check without the password, media again: nothing may arrive.
  await send(Uint8Array.of(0x80, 1, 2));
  await send(check("guess"));
  await send(Uint8Array.of(0x80, 1, 2));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(seen, []);
  await send(check("secret"));
  await send(Uint8Array.of(0x80, 1, 2));
  for (let i = 0; i < 50 && seen.length < 2; i++) await new Promise((r) => setTimeout(r, 10));
  assert.deepEqual(seen, ["\0", "\x80"]);
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  await mux.close();
});

Deno.test("a viewer that checks from ever new addresses is heard from so many only", async () => {
  const mux = await OwnPort.open(undefined, false);
  let seen = 0;
  mux.attach({
    usernameFragment: "ours",
    authenticates: () => true,
    awaits: () => false,
    receive: () => seen++,
  });
  const check = (new Message(1, 0).setAttribute("USERNAME", "ours:theirs") as Message).bytes;
  const sockets = Array.from({ length: 140 }, () => createSocket("udp4"));
  const send = (socket: typeof sockets[0]) =>
    new Promise<void>((resolve) => socket.send(check, mux.port, "127.0.0.1", () => resolve()));
  for (const socket of sockets) await send(socket);
  for (let waited = 0; waited < 100 && seen < 128; waited++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(seen, 128);
  // Those that were heard before still are.
  await send(sockets[0]);
  for (let waited = 0; waited < 100 && seen < 129; waited++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(seen, 129);
  for (const socket of sockets) {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }
  await mux.close();
});
