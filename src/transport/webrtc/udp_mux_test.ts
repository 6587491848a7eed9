import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { Message } from "werift";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import { stunLocalFragment, UdpMux } from "./udp_mux.ts";
import { findUdpSocket, udpInodes } from "./socket_fd.ts";

Deno.test("a connectivity check tells whom it is for", () => {
  const check = new Message(1, 0).setAttribute("PRIORITY", 5).setAttribute(
    "USERNAME",
    "ours:theirs",
  );
  assert.equal(stunLocalFragment((check as Message).bytes), "ours");
  assert.equal(stunLocalFragment(new Message(1, 0).bytes), undefined);
});

Deno.test("arbitrary bytes after a STUN head are read within their bounds", () => {
  const random = seeded(13);
  for (let round = 0; round < 20000; round++) {
    const bytes = Uint8Array.from({ length: 20 + random() * 60 | 0 }, () => random() * 256 | 0);
    if (bytes.length > 24) bytes.set([0, 6, 0, random() * 40 | 0], 20);
    const fragment = stunLocalFragment(bytes);
    assert.ok(fragment === undefined || typeof fragment === "string");
  }
});

Deno.test("the descriptor of a bound socket is found, and of a closed one is not", async () => {
  const mux = await UdpMux.open(undefined, false);
  assert.equal(mux.descriptor(4), findUdpSocket(mux.port, 4));
  assert.ok(mux.descriptor(4)! > 2);
  const { port } = mux;
  await mux.close();
  assert.equal(mux.descriptor(4), undefined);
  assert.equal(findUdpSocket(port, 4), undefined);
});

Deno.test("the kernel's table of sockets is read by port", () => {
  const table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid" +
    "  timeout inode ref pointer drops\n" +
    "  120: 00000000:BA9B 00000000:0000 07 00000000:00000000 00:00000000 00000000     0" +
    "        0 41234 2 0000000000000000 0\n" +
    " 4711: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0" +
    "        0 99 2 0000000000000000 0\n";
  assert.deepEqual(udpInodes(table, 0xba9b), ["41234"]);
  assert.deepEqual(udpInodes(table, 53), ["99"]);
  assert.deepEqual(udpInodes(table, 1), []);
  assert.deepEqual(udpInodes("", 1), []);
});

Deno.test("checks without a viewer's password reach nobody", async () => {
  const mux = await UdpMux.open(undefined, false);
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
  const mux = await UdpMux.open(undefined, false);
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
