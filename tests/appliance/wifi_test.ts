/** Wi-Fi from the page, with a test double of iwd behind busctl. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ApplianceMachine } from "../../src/appliance/appliance_machine.ts";
import { iwdFile, iwdPassphraseFile, ssidText } from "../../src/appliance/ssid.ts";
import { Passphrase, Ssid } from "../../src/protocol/machine.ts";
import { Refusal } from "../../src/system/refusal.ts";
import { type FakeNetwork, FakeSystem } from "./fake_system.ts";

const hex = (text: string) => new TextEncoder().encode(text).toHex();
const home: FakeNetwork = { ssid: hex("Home"), security: "psk", signal: -48 };
const cafe: FakeNetwork = { ssid: hex("Café"), security: "open", signal: -71 };
const office: FakeNetwork = { ssid: hex("Office"), security: "8021x", signal: -80 };
const old: FakeNetwork = { ssid: hex("Old flat"), security: "psk", known: true };

Deno.test("networks in reach come first, remembered ones after them", async () => {
  await using system = await FakeSystem.start();
  await system.networks([home, cafe, old], home);
  const { wifi, interfaces } = await new ApplianceMachine(system.places).network();
  assert.equal(wifi.state, "connected");
  assert.deepEqual(
    wifi.networks.map(({ name, signal, connected, known }) => [
      name,
      signal,
      connected,
      known,
    ]),
    [
      ["Home", -48, true, true],
      ["Café", -71, false, false],
      ["Old flat", null, false, true],
    ],
  );
  assert.deepEqual(
    interfaces.map(({ name, kind, speed, addresses, gateway }) => [
      name,
      kind,
      speed,
      addresses,
      gateway,
    ]),
    [
      ["enp1s0", "wired", 1000, ["192.168.1.20/24"], "192.168.1.1"],
      ["wlan0", "wifi", null, [], null],
    ],
  );
});

Deno.test("a machine without iwd has no Wi-Fi, and says so", async () => {
  await using system = await FakeSystem.start();
  await system.state("no-iwd", "", true);
  const machine = new ApplianceMachine(system.places);
  assert.deepEqual((await machine.network()).wifi, { state: "none", networks: [] });
  await assert.rejects(machine.connectWifi(home.ssid, "12345678"), Refusal);
  await assert.rejects(machine.scanWifi(), Refusal);
});

Deno.test("a network is joined by the passphrase that is given in iwd's file", async () => {
  await using system = await FakeSystem.start();
  const networks = [home, cafe];
  await system.networks(networks);
  await system.accepts(home, networks, "Home.psk", "[Security]\nPassphrase=correct horse\n");
  const machine = new ApplianceMachine(system.places);
  await machine.connectWifi(home.ssid, "correct horse");
  assert.ok(
    system.calls().some((call) =>
      call.endsWith(`${hex("Home")}_psk net.connman.iwd.Network Connect`)
    ),
  );
  const file = join(system.places.iwd, "Home.psk");
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  assert.equal((await machine.network()).wifi.state, "connected");
});

Deno.test("a wrong passphrase is not kept, and the one before comes back", async () => {
  await using system = await FakeSystem.start();
  await system.networks([{ ...home, known: true }]);
  await system.accepts(home, [home], "Home.psk", "[Security]\nPassphrase=right one\n");
  const machine = new ApplianceMachine(system.places);
  await assert.rejects(machine.connectWifi(home.ssid, "wrong one"), /Check the passphrase/);
  assert.deepEqual([...Deno.readDirSync(system.places.iwd)], []);
  await Deno.writeTextFile(join(system.places.iwd, "Home.psk"), "before");
  await assert.rejects(machine.connectWifi(home.ssid, "wrong one"), Refusal);
  assert.equal(await Deno.readTextFile(join(system.places.iwd, "Home.psk")), "before");
  assert.deepEqual([...Deno.readDirSync(system.places.iwd)].map(({ name }) => name), ["Home.psk"]);
  // The right one is taken at once.
  await machine.connectWifi(home.ssid, "right one");
  assert.equal((await machine.network()).wifi.state, "connected");
});

Deno.test("what is not there, or cannot be joined from a page, is refused with a reason", async () => {
  await using system = await FakeSystem.start();
  await system.networks([home, office]);
  const machine = new ApplianceMachine(system.places);
  await assert.rejects(machine.connectWifi(hex("Elsewhere"), "12345678"), /not in reach/);
  await assert.rejects(machine.connectWifi(office.ssid, "12345678"), /secured in a way/);
  await assert.rejects(machine.connectWifi(home.ssid), /wants a passphrase/);
  await assert.rejects(machine.forgetWifi(home.ssid, "psk"), /not remembered/);
  assert.deepEqual([...Deno.readDirSync(system.places.iwd)], []);
});

Deno.test("forgetting asks iwd, and a search under way is no error", async () => {
  await using system = await FakeSystem.start();
  await system.networks([old]);
  const machine = new ApplianceMachine(system.places);
  await machine.forgetWifi(old.ssid, "psk");
  const forget = `/net/connman/iwd/${old.ssid}_psk net.connman.iwd.KnownNetwork Forget`;
  assert.ok(system.calls().includes(`busctl ${forget}`));
  await system.state("scanning", "", true);
  await machine.scanWifi();
});

Deno.test("names of any 32 bytes become one plain file, and never another", () => {
  const names = [
    "../../etc/passwd",
    "a/b",
    'quo"te',
    "line\nbreak",
    "$(reboot)",
    ".hidden",
    "=3d",
    "naïve",
    "",
    "\0".repeat(32),
  ].map(hex).concat(["ff".repeat(32), "c328", "2e2e"]);
  const files = names.filter((name) => name !== "").map((name) => {
    assert.ok(Ssid.safeParse(name).success, name);
    const file = iwdFile(name, "psk");
    assert.match(file, /^=[0-9a-f]{2,64}\.psk$/);
    assert.equal(file, `=${name}.psk`);
    assert.doesNotMatch(ssidText(name), /\p{Cc}/u);
    return file;
  });
  assert.equal(new Set(files).size, files.length);
  assert.equal(iwdFile(hex("My Wi-Fi_5"), "psk"), "My Wi-Fi_5.psk");
  for (const wrong of ["", "4", "zz", "4G", "41".repeat(33), "41\n", "../41"]) {
    assert.ok(!Ssid.safeParse(wrong).success, wrong);
  }
});

Deno.test("passphrases are 8 to 63 plain characters, written so that iwd reads the same", () => {
  for (
    const wrong of [
      "1234567",
      "x".repeat(64),
      "line\nbreak!",
      "tab\tulator",
      "ümläute!",
      "nul\0nul nul",
    ]
  ) {
    assert.ok(!Passphrase.safeParse(wrong).success, JSON.stringify(wrong));
  }
  for (const right of ["12345678", "x".repeat(63), " spaces ", 'q"u\\o[t]e=#;']) {
    assert.ok(Passphrase.safeParse(right).success, right);
  }
  assert.equal(iwdPassphraseFile("  a\\b c  "), "[Security]\nPassphrase=\\s\\sa\\\\b c\\s\\s\n");
  assert.equal(iwdPassphraseFile("[Settings]x=1"), "[Security]\nPassphrase=[Settings]x=1\n");
});
