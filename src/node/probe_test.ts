import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { openListener, openSharedSocket } from "../system/udp/shared_socket.ts";
import { probeUdpPort } from "./probe.ts";
import { wantedUdpPort } from "./udp_ports.ts";

const ice = (keys: { udp_port?: number; udp_ports?: [number, number] }) => ({
  ice: { servers: [], addresses: [], ...keys },
});

Deno.test("all games share a port unless another one, or a range, is asked for", () => {
  assert.equal(wantedUdpPort(ice({})), 8444);
  assert.equal(wantedUdpPort(ice({ udp_port: 47000 })), 47000);
  assert.equal(wantedUdpPort(ice({ udp_port: 0 })), 0);
  assert.equal(wantedUdpPort(ice({ udp_ports: [47000, 47099] })), 0);
  assert.equal(wantedUdpPort(ice({ udp_port: 47000, udp_ports: [47001, 47099] })), 47000);
});

Deno.test("doctor tells a free UDP port, Gamelan's own, and another program's", async () => {
  const program = createSocket("udp4");
  await new Promise<void>((resolve) => program.bind(0, () => resolve()));
  const { port } = program.address();
  const taken = await probeUdpPort(ice({ udp_port: port }));
  assert.equal(taken.status, "warning");
  assert.match(taken.evidence, new RegExp(`${port} is another program's`));
  assert.match(taken.fix!, /ice\.udp_port/);
  await new Promise<void>((resolve) => program.close(() => resolve()));

  const free = await probeUdpPort(ice({ udp_port: port }));
  assert.deepEqual([free.status, free.evidence], ["ok", `${port} is free, for all games`]);

  const game = await openSharedSocket(port, 4, { address: "127.0.0.1", port: 9 });
  assert.equal((await probeUdpPort(ice({ udp_port: port }))).status, "ok");
  const listener = await openListener(port, 4);
  const own = await probeUdpPort(ice({ udp_port: port }));
  assert.deepEqual([own.status, own.evidence], ["ok", `Gamelan is listening on ${port}`]);
  for (const { socket } of [game, listener]) {
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  }

  const range = await probeUdpPort(ice({ udp_ports: [47000, 47099] }));
  assert.match(range.evidence, /each game has one of its own, from 47000 to 47099/);
});
