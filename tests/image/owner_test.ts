/**
 * What an owner does to the box from the page, on the box itself: SSH keys, a fixed address that is
 * kept, one that is not, a factory reset and the power button. At last it starts with the boot menu's
 * entry that resets it, and without a key: the box is as it came, and nobody may get in.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { until } from "../e2e/browser.ts";
import { artifacts, imageUnderTest, keepFigures } from "./tested_image.ts";
import { Machine, makeKey } from "./machine.ts";
import { authorityOf, claimCode, Owner } from "./owner.ts";
import { startedBox } from "./started_box.ts";
import { temporaryFolder } from "./temporary.ts";

const SLOW_MS = 240_000;
const PASSWORD = "saron peking";

/** What a factory reset must leave nothing of. */
async function identity(machine: Machine) {
  return {
    authority: await authorityOf(machine),
    hostKey: await machine.output("cat /var/lib/box/ssh_host_ed25519_key.pub"),
    nodeToken: await machine.output("cat /var/lib/gamelan/node-token"),
  };
}

async function claimed({ ports }: Machine): Promise<boolean> {
  return (await (await fetch(`http://localhost:${ports.http}/api/state`)).json()).claimed;
}

/** What a TCP server says first, within ten seconds; "" where it hangs up or says nothing. */
async function greeting(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => connection.close(), 10_000);
  const buffer = new Uint8Array(256);
  try {
    const length = await connection.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, length ?? 0));
  } catch {
    return "";
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("the owner's page changes the box, and resets it", async (t) => {
  await using folder = await temporaryFolder();
  const newKey = await Deno.readTextFile(`${await makeKey(folder.path)}.pub`);
  const { key, memory, ...box } = await startedBox(imageUnderTest(), folder.path);
  // The machine is switched off and on once.
  const hardware = { ...box, unplayed: true };
  await using machine = await Machine.start(
    { ...hardware, key, memory, name: "owner", reboots: true },
    artifacts,
  );
  const figures: Record<string, unknown> = {};
  await machine.ready();
  await machine.sshReady();
  const code = await claimCode(machine);
  using owner = await Owner.claim(machine, { code, password: PASSWORD });
  assert.equal((await owner.send("GET", "/state")).json.appliance, true);

  await t.step("a key is added and removed, and sshd takes it", async () => {
    const added = await owner.send("POST", "/machine/ssh-keys", { key: newKey });
    assert.equal(added.status, 200, JSON.stringify(added.json));
    const trusted = await machine.output("cat /var/lib/box/authorized_keys");
    assert.equal(trusted, newKey.trim());
    const { fingerprint } = added.json.keys[0];
    const removed = await owner.send("DELETE", "/machine/ssh-keys", { fingerprint });
    assert.deepEqual(removed.json.keys, []);
  });

  const fixed = (address: string) => ({
    method: "fixed",
    address,
    prefix: 24,
    gateway: "10.0.2.2",
    dns: ["10.0.2.3"],
  });
  let name = "";
  await t.step("the network is shown: one cable, no Wi-Fi", async () => {
    const { json } = await owner.send("GET", "/machine/network");
    assert.equal(json.interfaces.length, 1);
    const [wired] = json.interfaces;
    name = wired.name;
    assert.equal(wired.kind, "wired");
    assert.equal(wired.up, true);
    assert.ok(wired.addresses.includes("10.0.2.15/24"), JSON.stringify(wired));
    // QEMU's network without a way out has no router.
    assert.equal(wired.gateway, null);
    assert.equal(json.wifi.state, "none");
    // Nor was its service started to ask it.
    const { stdout } = await machine.ssh("systemctl is-active iwd.service");
    assert.equal(stdout.trim(), "inactive");
  });

  await t.step("a fixed address is tried and kept", async () => {
    const change = { name, setting: fixed("10.0.2.15") };
    const { status, json } = await owner.send("POST", "/machine/wired", change);
    assert.equal(status, 200, JSON.stringify(json));
    const keep = () => owner.send("POST", "/machine/wired/keep", { token: json.token });
    const kept = await until("the page to answer", () => keep().catch(() => undefined), 50_000);
    assert.equal(kept.status, 200);
    const file = `05-page-${name}.network`;
    const text = await machine.output(`cat /var/lib/box/network/${file}`);
    assert.match(text, /^Address=10\.0\.2\.15\/24$/m);
    assert.match(await machine.output(`networkctl status ${name}`), new RegExp(file));
  });

  await t.step("an address by which nobody finds the box goes back by itself", async () => {
    const change = { name, setting: fixed("10.0.2.77") };
    const changedAt = performance.now();
    // The answer may be lost with the address.
    await owner.send("POST", "/machine/wired", change).catch(() => {});
    await until("the box to be out of reach, then back", async () => {
      const answer = await owner.send("GET", "/machine/network").catch(() => undefined);
      if (!answer) return false;
      const { json } = answer;
      return json.pending === null && json.interfaces[0].addresses.includes("10.0.2.15/24");
    }, SLOW_MS);
    figures.networkBackSeconds = Math.round((performance.now() - changedAt) / 1000);
    assert.match(
      await machine.output("journalctl -u gamelan.service -o cat"),
      /nobody kept the change of the network/,
    );
  });

  const started = () => machine.output("cat /proc/sys/kernel/random/boot_id");
  /** It does not answer in between. */
  const startedAfter = async (before: string) => await started().catch(() => before) !== before;

  await t.step("the page's reset wants the word and the password", async () => {
    const ask = (body: unknown) => owner.send("POST", "/machine/factory-reset", body);
    assert.equal((await ask({ password: PASSWORD, word: "yes" })).status, 400);
    assert.equal((await ask({ password: "wrong", word: "erase" })).status, 403);
    await machine.output("echo mine >/var/lib/gamelan/marker && sync");
    const before = await started();
    const old = await identity(machine);
    const at = performance.now();
    assert.equal((await ask({ password: PASSWORD, word: "erase" })).status, 202);
    await until("the box to start anew", () => startedAfter(before), SLOW_MS * 2);
    await machine.ready();
    figures.resetSeconds = Math.round((performance.now() - at) / 1000);
    await machine.output("test ! -e /var/lib/gamelan/marker");
    const now = await identity(machine);
    assert.match(await machine.output("cat /proc/cmdline"), /systemd\.factory_reset=yes/);
    for (const part of ["authority", "hostKey", "nodeToken"] as const) {
      assert.notEqual(now[part], old[part], part);
    }
    assert.equal(await claimed(machine), false);
    assert.notEqual(await claimCode(machine), code);
    // The next start is one without a reset: nothing asks the boot loader for it any more.
    const asked = "ls /sys/firmware/efi/efivars | grep -E '^LoaderEntry(OneShot|Default)-' || true";
    assert.equal(await machine.output(asked), "");
    await machine.screenshot(join(artifacts, "owner-after-reset.png"));
    assert.equal(await machine.output("ls /var/lib/box/network"), "");
  });

  const before = await identity(machine);
  await t.step(
    "the boot menu has an entry that does the same, chosen for the next start",
    async () => {
      const entries = await machine.output("bootctl list --json=short --no-pager");
      const { id, title } = (JSON.parse(entries) as { id: string; title: string }[])
        .find((entry) => entry.id.endsWith("@factory-reset"))!;
      assert.match(title, /Factory reset/);
      await machine.output(`bootctl set-oneshot '${id}'`);
      using _ = await Owner.claim(machine, { code: await claimCode(machine), password: PASSWORD });
      assert.equal(await claimed(machine), true);
    },
  );

  await t.step("the power button switches it off cleanly", async () => {
    await machine.powerOff(SLOW_MS);
    const log = await Deno.readTextFile(machine.serial);
    assert.match(log, /Unmounted.*var\.mount|Reached target.*(umount|poweroff|final)\.target/);
  });

  await using locked = await Machine.start({ ...hardware, name: "locked" }, artifacts);
  figures.lockedReadySeconds = Math.round(await locked.ready() / 1000);

  const authority = await authorityOf(locked);
  await t.step("it has started as a box that nobody has used", async () => {
    assert.notEqual(authority, before.authority);
    assert.equal(await claimed(locked), false);
  });

  await t.step("the page is served on the usual ports, by the box's own authority", async () => {
    const trust = await fetch(`http://localhost:${locked.ports.http}/trust`);
    assert.equal(trust.status, 200);
    await trust.body?.cancel();
    using client = Deno.createHttpClient({ caCerts: [authority] });
    const response = await fetch(`https://localhost:${locked.ports.https}/readyz`, { client });
    assert.equal(await response.text(), "ready\n");
  });

  await t.step("without a key no SSH server answers", async () => {
    assert.equal(await greeting(locked.ports.ssh), "");
  });

  await t.step("nothing asks for a name and a password", async () => {
    const log = await Deno.readTextFile(locked.serial);
    assert.match(log, /Gamelan, the house/);
    assert.doesNotMatch(log, /login:|emergency|sulogin|\[FAILED\]/i);
  });

  await t.step("its screen shows something", async () => {
    const path = join(artifacts, "locked-screen.png");
    await locked.screenshot(path);
    assert.deepEqual([...(await Deno.readFile(path)).subarray(1, 4)], [0x50, 0x4e, 0x47]);
  });
  await keepFigures("image-owner", figures);
});
