/**
 * Wi-Fi of a box with Debian's own iwd: the kernel simulates its radio and those of two access points,
 * which are in a network namespace, as if they were other machines. One network comes by a stick, the
 * other one is joined from the page.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { NetworkState, WifiNetwork } from "../../src/protocol/machine.ts";
import { until } from "../e2e/browser.ts";
import { artifacts, imageUnderTest, keepFigures } from "./tested_image.ts";
import { Machine, makeKey } from "./machine.ts";
import { claimCode, Owner } from "./owner.ts";
import { type AccessPoint, packRadioKit } from "./radio_kit.ts";
import { makeStick } from "./stick.ts";

const SLOW_MS = 240_000;
const KIT = "/run/radio-kit";

/** The one by the stick and the one that is joined from the page. */
const brought: AccessPoint = {
  interface: "wlan1",
  ssid: "Bonang",
  passphrase: "sebelas nada",
  network: "10.77.1",
};
const joined: AccessPoint = {
  interface: "wlan2",
  // In iwd's folder its name is not the file's: it has other letters than those.
  ssid: "Gong Agêng",
  passphrase: " kempul \\ kenong",
  network: "10.77.2",
};

const hex = (text: string) => new TextEncoder().encode(text).toHex();

Deno.test("Wi-Fi of a box, by a real iwd", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-image-test-" });
  const key = await makeKey(folder);
  const stick = join(folder, "stick.raw");
  await makeStick(stick, {
    [`wifi/${brought.ssid}.psk`]: `[Security]\nPassphrase=${brought.passphrase}\n`,
  }, { label: "OTHER", table: { gpt: "GAMELAN" } });
  await using machine = await Machine.start(
    { image: imageUnderTest(), name: "wifi", key, stick, unplayed: true },
    artifacts,
  );
  const figures: Record<string, unknown> = {};
  await machine.ready();
  await machine.sshReady();
  using owner = await Owner.claim(machine, {
    code: await claimCode(machine),
    password: "saron peking",
  });
  const network = async () => (await owner.send("GET", "/machine/network")).json as NetworkState;
  const entry = ({ wifi }: NetworkState, { ssid }: AccessPoint): WifiNetwork | undefined =>
    wifi.networks.find((one) => one.ssid === hex(ssid));
  /** Until the box is in the network of an access point, with an address of its own from there. */
  const isIn = (point: AccessPoint) =>
    until(`the box to be in ${point.ssid}`, async () => {
      const state = await network();
      const wlan = state.interfaces.find(({ kind }) => kind === "wifi");
      const address = wlan?.addresses.find((one) => one.startsWith(`${point.network}.`));
      return entry(state, point)?.connected && address?.replace(/\/.*/, "");
    }, SLOW_MS) as Promise<string>;
  /** The access point reaches the box by radio. */
  const answers = async (address: string) => {
    const ping = `ip netns exec air ${KIT}/busybox ping -c 1 -W 2 ${address}`;
    await until(`${address} to answer`, async () => (await machine.ssh(ping)).code === 0, SLOW_MS);
  };

  await t.step("a box without a radio says that there is no Wi-Fi", async () => {
    assert.deepEqual((await network()).wifi, { state: "none", networks: [] });
    const { status, json } = await owner.send("POST", "/machine/wifi/scan");
    assert.equal(status, 409, JSON.stringify(json));
    assert.match(json.message, /no Wi-Fi/);
  });

  await t.step("a network whose passphrase a stick has brought is joined by itself", async () => {
    await startNeighbourhood(machine, [brought, joined]);
    const at = performance.now();
    await answers(await isIn(brought));
    figures.stickSeconds = Math.round((performance.now() - at) / 1000);
  });

  await t.step("networks in reach are found, with signal and security", async () => {
    assert.equal((await owner.send("POST", "/machine/wifi/scan")).status, 200);
    const state = await until("both networks", async () => {
      const seen = await network();
      return entry(seen, joined) && entry(seen, brought) && seen;
    }, SLOW_MS);
    const one = entry(state, joined)!;
    assert.deepEqual([one.name, one.security, one.known], [joined.ssid, "psk", false]);
    assert.ok(one.signal! < 0 && one.signal! > -100, `${one.signal} dBm`);
    assert.equal(entry(state, brought)!.known, true);
  });

  await t.step("a wrong passphrase is said in plain words, and not kept", async () => {
    const at = performance.now();
    const { status, json } = await connect(owner, joined, "not the passphrase");
    figures.wrongPassphraseSeconds = Math.round((performance.now() - at) / 1000);
    assert.equal(status, 409, JSON.stringify(json));
    assert.equal(
      json.message,
      `${joined.ssid} was not joined. Check the passphrase, and try again.`,
    );
    assert.equal(await machine.output("ls /var/lib/iwd/*.psk"), `/var/lib/iwd/${brought.ssid}.psk`);
    // And the box is back where it was.
    await answers(await isIn(brought));
  });

  await t.step("with the right one it is joined, and the network gives an address", async () => {
    const at = performance.now();
    // At once, although the last one was wrong.
    const { status, json } = await connect(owner, joined, joined.passphrase);
    assert.equal(status, 200, JSON.stringify(json));
    figures.joinSeconds = Math.round((performance.now() - at) / 1000);
    await answers(await isIn(joined));
    assert.equal(entry(await network(), joined)!.known, true);
    assert.match(await machine.output("networkctl status wlan0"), /State: routable/);
  });

  await t.step("forgotten, it is left, and its passphrase is gone", async () => {
    const forget = { ssid: hex(joined.ssid), security: "psk" };
    const { status, json } = await owner.send("POST", "/machine/wifi/forget", forget);
    assert.equal(status, 200, JSON.stringify(json));
    await answers(await isIn(brought));
    const one = entry(await network(), joined);
    assert.ok(!one?.known && !one?.connected);
    assert.equal(await machine.output("ls /var/lib/iwd/*.psk"), `/var/lib/iwd/${brought.ssid}.psk`);
    const again = await owner.send("POST", "/machine/wifi/forget", forget);
    assert.equal(again.status, 409, JSON.stringify(again.json));
  });
  await keepFigures("image-wifi", figures);
  await Deno.remove(folder, { recursive: true });
});

function connect(owner: Owner, { ssid }: AccessPoint, passphrase: string) {
  return owner.send("POST", "/machine/wifi/connect", { ssid: hex(ssid), passphrase });
}

/** Three radios: the first one is the box's, the others are access points in a namespace. */
async function startNeighbourhood(machine: Machine, points: AccessPoint[]): Promise<void> {
  const kernel = await machine.output("uname -r");
  const kit = await packRadioKit(kernel, points);
  await machine.feed(`mkdir -p ${KIT} && tar -xC ${KIT}`, kit);
  await machine.output(`
    set -e
    export LD_LIBRARY_PATH=${KIT}
    # Not that iwd takes a radio that is about to go.
    systemctl stop iwd.service
    modprobe mac80211
    insmod ${KIT}/radios.ko radios=${points.length + 1}
    ip netns add air
    for interface in ${points.map((point) => point.interface).join(" ")}; do
      phy=$(cat /sys/class/net/$interface/phy80211/name)
      ${KIT}/iw phy $phy set netns name air
    done
    ip netns exec air ip link set lo up
  `);
  for (const { interface: name, network } of points) {
    await machine.output(`
      set -e
      ip netns exec air ip address add ${network}.1/24 dev ${name}
      systemd-run -q --unit=ap-${name} -E LD_LIBRARY_PATH=${KIT} \\
        ip netns exec air ${KIT}/hostapd ${KIT}/${name}.hostapd
      systemd-run -q --unit=dhcp-${name} ip netns exec air ${KIT}/busybox udhcpd -f ${KIT}/${name}.udhcpd
    `);
    await until(
      `the access point ${name}`,
      async () => /AP-ENABLED/.test(await machine.output(`journalctl -u ap-${name} -o cat`)),
      SLOW_MS,
    );
  }
  await machine.output("systemctl start iwd.service");
}
