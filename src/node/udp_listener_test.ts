import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { Message } from "werift";
import { UdpListener } from "./udp_listener.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const close = (socket: Socket) => new Promise<void>((resolve) => socket.close(() => resolve()));

async function boundSocket(): Promise<Socket> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", () => resolve()));
  return socket;
}

async function freePort(): Promise<number> {
  const socket = await boundSocket();
  const { port } = socket.address();
  await close(socket);
  return port;
}

Deno.test("checks are told with where they are from, on IPv4 and IPv6", async () => {
  const port = await freePort();
  const seen: [string, number][] = [];
  const listener = await UdpListener.open(
    port,
    (_data, address, from) => seen.push([address, from]),
  );
  const ipv4 = await boundSocket();
  const ipv6 = createSocket("udp6");
  await new Promise<void>((resolve) => ipv6.bind(0, "::1", () => resolve()));
  const check = new Message(1, 0).bytes;
  ipv4.send(check, port, "127.0.0.1");
  await sleep(50);
  ipv6.send(check, port, "::1");
  await sleep(50);
  assert.deepEqual(seen, [["127.0.0.1", ipv4.address().port], ["::1", ipv6.address().port]]);
  await listener.close();
  await close(ipv4);
  await close(ipv6);
});

Deno.test("of a flood of checks a few are looked at, and those after it again", async () => {
  const port = await freePort();
  let seen = 0;
  const listener = await UdpListener.open(port, () => seen++);
  const sender = await boundSocket();
  const check = new Message(1, 0).bytes;
  const started = performance.now();
  let sent = 0;
  while (sent < 10_000) {
    for (let i = 0; i < 50; i++) sender.send(check, port, "127.0.0.1");
    sent += 50;
    await sleep(1);
  }
  await sleep(200);
  const slices = (performance.now() - started) / 100 + 1;
  assert.ok(seen <= slices * 200, `${seen} of ${sent} were looked at`);
  assert.ok(seen < sent);
  const before = seen;
  // A page repeats its checks too.
  for (let attempt = 0; attempt < 50 && seen === before; attempt++) {
    sender.send(check, port, "127.0.0.1");
    await sleep(100);
  }
  assert.ok(seen > before);
  await listener.close();
  await close(sender);
});
