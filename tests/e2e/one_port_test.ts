/** All games of a house on one UDP port: two players, and a restart of the house between them. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { startBrowser, until } from "./browser.ts";
import { freePort } from "../tools/free_ports.ts";
import { type House, startHouse } from "./house.ts";
import { sessionProcess } from "./leftovers.ts";
import { claim, logIn, moves, picture, play, sessionOf, stats } from "./player.ts";

const bob = { name: "Bob", password: "another long password" };
const SMALL = { viewport: { width: 800, height: 500 } };

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, () => resolve()));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** Local ports of the UDP sockets that a process has. */
async function udpPorts(pid: number): Promise<number[]> {
  const inodes = new Set<string>();
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const link = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    const match = /^socket:\[(\d+)\]$/.exec(link);
    if (match) inodes.add(match[1]);
  }
  const ports = new Set<number>();
  for (const table of ["udp", "udp6"]) {
    for (const line of (await Deno.readTextFile(`/proc/${pid}/net/${table}`)).split("\n")) {
      const fields = line.trim().split(/\s+/);
      if (inodes.has(fields[9])) ports.add(parseInt(fields[1].split(":")[1], 16));
    }
  }
  return [...ports];
}

Deno.test("two players' games use one UDP port, also those that were adopted after a restart", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-house-" });
  const port = freePort();
  const udpPort = await freeUdpPort();
  const args = ["--ice-udp-port", String(udpPort)];
  let house: House = await startHouse({ dataDir, port, args });
  try {
    await using chromium = await startBrowser();
    const ada = await chromium.page(SMALL);
    await claim(ada, house);
    await ada.evaluate(async (user) => {
      const body = JSON.stringify({ ...user, role: "player" });
      const headers = { "content-type": "application/json" };
      await fetch("/api/users", { method: "POST", headers, body });
    }, bob);
    const friend = await chromium.page(SMALL);
    await logIn(friend, house.url, bob);
    await play(ada, "testcard");
    await play(friend, "testcard");
    const sessions = [sessionProcess(sessionOf(ada)), sessionProcess(sessionOf(friend))];
    assert.notEqual(sessions[0], sessions[1]);
    for (const process of sessions) assert.deepEqual(await udpPorts(process), [udpPort]);
    assert.deepEqual(await udpPorts(house.pid), [udpPort]);

    const begun = await moves(ada);
    await house.stop("SIGKILL");
    const without = await moves(ada);
    assert.ok(without > begun, "the picture did not go on without the house");
    house = await startHouse({ dataDir, port, args });
    await until("the page to come back by itself", async () => {
      const now = await stats(ada);
      return now.connection === "connected" && Number(now.reconnects) > 0;
    });
    // A new viewer of a game that the house before this one started.
    await friend.reload();
    await picture(friend);
    await moves(friend);
    await moves(ada);
    assert.equal(sessionProcess(sessionOf(friend)), sessions[1]);
    for (const process of sessions) assert.deepEqual(await udpPorts(process), [udpPort]);
  } finally {
    await house.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
