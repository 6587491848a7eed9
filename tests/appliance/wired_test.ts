/** The wired network from the page: tried for a while, kept only by the owner's word. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ApplianceMachine } from "../../src/appliance/appliance_machine.ts";
import { WiredChange } from "../../src/protocol/machine.ts";
import { Refusal } from "../../src/system/refusal.ts";
import { FakeSystem } from "./fake_system.ts";

const fixed = {
  method: "fixed" as const,
  address: "192.168.1.50",
  prefix: 24,
  gateway: "192.168.1.1",
  dns: ["9.9.9.9", "2620:fe::fe"],
};
const FILE = "05-page-enp1s0.network";
const there = (path: string) => Deno.lstat(path).then(() => true, () => false);

Deno.test("a fixed address is tried in memory and kept by its token", async () => {
  await using system = await FakeSystem.start();
  const { running, kept } = system.places.wired;
  const machine = new ApplianceMachine(system.places);
  const before = Date.now();
  const { until, token, address } = await machine.changeWired("enp1s0", fixed);
  assert.ok(until >= before + 60_000 && until <= Date.now() + 60_000);
  assert.equal(address, fixed.address);
  const text = await Deno.readTextFile(join(running, FILE));
  assert.match(text, /\[Match\]\nName=enp1s0\n\n\[Network\]\nAddress=192\.168\.1\.50\/24\n/);
  assert.match(text, /Gateway=192\.168\.1\.1\nDNS=9\.9\.9\.9\nDNS=2620:fe::fe\n/);
  assert.equal(await there(join(kept, FILE)), false);
  assert.deepEqual(system.calls().slice(-2), [
    "networkctl reload",
    "networkctl reconfigure enp1s0",
  ]);
  assert.equal((await machine.network()).pending?.name, "enp1s0");

  assert.equal(machine.keepWired("another"), false);
  assert.equal(machine.keepWired(token), true);
  assert.equal(machine.keepWired(token), false);
  assert.equal(await Deno.readTextFile(join(kept, FILE)), text);
  const state = await machine.network();
  assert.equal(state.pending, null);
  assert.deepEqual(state.interfaces[0].setting, fixed);
  await machine.close();
  assert.equal(await there(join(running, FILE)), true);
});

Deno.test("without the owner's word the network goes back to what was kept", async () => {
  await using system = await FakeSystem.start();
  const { running, kept } = system.places.wired;
  const machine = new ApplianceMachine({ ...system.places, trialMs: 50 });
  const { token } = await machine.changeWired("enp1s0", fixed);
  assert.ok(machine.keepWired(token));
  const good = await Deno.readTextFile(join(kept, FILE));
  const second = await machine.changeWired("enp1s0", { ...fixed, address: "192.168.1.51" });
  const reconfigured = () =>
    system.calls().filter((call) => call === "networkctl reconfigure enp1s0").length;
  const before = reconfigured();
  while ((await machine.network()).pending) await new Promise((done) => setTimeout(done, 10));
  while (await Deno.readTextFile(join(running, FILE)) !== good) {
    await new Promise((done) => setTimeout(done, 10));
  }
  assert.equal(machine.keepWired(second.token), false);
  for (let tries = 0; reconfigured() === before && tries < 1000; tries++) {
    await new Promise((done) => setTimeout(done, 10));
  }
  assert.ok(reconfigured() > before, "networkd is told of what was kept");
});

Deno.test("a house that starts takes back what was on trial when it ended", async () => {
  await using system = await FakeSystem.start();
  const { running, kept } = system.places.wired;
  const first = new ApplianceMachine(system.places);
  await first.changeWired("enp1s0", fixed);
  await Deno.writeTextFile(join(running, "90-stick.network"), "[Match]\nName=x\n");
  // The process ends here: another one starts.
  const next = new ApplianceMachine(system.places);
  await next.settle();
  assert.equal(await there(join(running, FILE)), false);
  assert.equal(await there(join(running, "90-stick.network")), true);
  assert.equal(await there(join(kept, FILE)), false);
  await first.close().catch(() => {});
});

Deno.test("a change that networkd does not take is taken back at once", async () => {
  await using system = await FakeSystem.start();
  const machine = new ApplianceMachine(system.places);
  await system.state("networkctl-fails", "", true);
  await assert.rejects(machine.changeWired("enp1s0", fixed), /all is as before/);
  assert.equal(await there(join(system.places.wired.running, FILE)), false);
  assert.equal((await machine.network()).pending, null);
});

Deno.test("addresses that cannot work and interfaces that are not there are refused", async () => {
  await using system = await FakeSystem.start();
  const machine = new ApplianceMachine(system.places);
  const wrong: [string, object, RegExp][] = [
    ["eth9", {}, /no wired interface eth9; there is enp1s0/],
    ["wlan0", {}, /no wired interface/],
    ["lo", {}, /no wired interface/],
    ["veth7", {}, /no wired interface/],
    ["enp1s0", { address: "192.168.1.0" }, /network's own or its broadcast/],
    ["enp1s0", { address: "192.168.1.255" }, /broadcast/],
    ["enp1s0", { gateway: "192.168.2.1" }, /not in the network/],
    ["enp1s0", { gateway: "192.168.1.50" }, /cannot be this machine's own/],
    ["enp1s0", { address: "127.0.0.1", prefix: 8 }, /no machine's address/],
    ["enp1s0", { address: "239.1.2.3" }, /no machine's address/],
    ["enp1s0", { address: "0.0.0.1" }, /no machine's address/],
  ];
  for (const [name, changes, reason] of wrong) {
    await assert.rejects(machine.changeWired(name, { ...fixed, ...changes }), (error) => {
      assert.ok(error instanceof Refusal);
      assert.match(error.message, reason);
      return true;
    });
  }
  assert.deepEqual([...Deno.readDirSync(system.places.wired.running)], []);
});

Deno.test("nothing that ends a line gets into a file", () => {
  const hostile: unknown[] = [
    { name: "enp1s0\n[Match]", setting: fixed },
    { name: "../enp1s0", setting: fixed },
    { name: "", setting: fixed },
    { name: "enp1s0", setting: { ...fixed, address: "192.168.1.50\nDHCP=yes" } },
    { name: "enp1s0", setting: { ...fixed, address: "192.168.1.50/24" } },
    { name: "enp1s0", setting: { ...fixed, address: "192.168.01.50" } },
    { name: "enp1s0", setting: { ...fixed, gateway: "router" } },
    { name: "enp1s0", setting: { ...fixed, dns: ["9.9.9.9\n[Route]"] } },
    { name: "enp1s0", setting: { ...fixed, dns: Array(4).fill("9.9.9.9") } },
    { name: "enp1s0", setting: { ...fixed, prefix: 0 } },
    { name: "enp1s0", setting: { ...fixed, prefix: 31 } },
    { name: "enp1s0", setting: { ...fixed, prefix: "24" } },
    { name: "enp1s0", setting: { method: "pppoe" } },
  ];
  for (const one of hostile) {
    assert.ok(!WiredChange.safeParse(one).success, JSON.stringify(one));
  }
});
