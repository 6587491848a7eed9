/** SSH keys and the request for a factory reset. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { ApplianceMachine } from "../../src/appliance/appliance_machine.ts";
import { requestFactoryReset } from "../../src/appliance/factory_reset.ts";
import { SshKeys } from "../../src/appliance/ssh_keys.ts";
import { Refusal } from "../../src/system/refusal.ts";
import { FakeSystem } from "./fake_system.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-keys-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function makeKey(folder: string, type: string): Promise<{ line: string; shown: string }> {
  const file = join(folder, `key-${crypto.randomUUID()}`);
  const keygen = (args: string[]) => new Deno.Command("ssh-keygen", { args }).output();
  await keygen(["-q", "-t", type, "-N", "", "-C", "ayu@laptop", "-f", file]);
  const { stdout } = await keygen(["-l", "-f", `${file}.pub`]);
  return {
    line: await Deno.readTextFile(`${file}.pub`),
    shown: new TextDecoder().decode(stdout).split(" ")[1],
  };
}

Deno.test("keys are added once, shown as ssh-keygen shows them, and removed", () =>
  withFolder(async (folder) => {
    const keys = new SshKeys(join(folder, "box/authorized_keys"));
    assert.deepEqual(keys.list(), []);
    const made = [];
    for (const type of ["ed25519", "ecdsa", "rsa"]) {
      const key = await makeKey(folder, type);
      made.push(key);
      assert.equal(keys.add(key.line).fingerprint, key.shown);
      keys.add(` ${key.line} `);
    }
    assert.deepEqual(
      keys.list().map(({ fingerprint }) => fingerprint),
      made.map((one) => one.shown),
    );
    assert.equal(keys.list()[0].comment, "ayu@laptop");
    const file = join(folder, "box/authorized_keys");
    assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
    assert.equal(keys.remove(made[1].shown), true);
    assert.equal(keys.remove(made[1].shown), false);
    assert.deepEqual(keys.list().map(({ type }) => type), ["ssh-ed25519", "ssh-rsa"]);
    for (const { shown } of made) keys.remove(shown);
    assert.equal(await Deno.readTextFile(file), "");
  }));

Deno.test("a stick's lines with options and remarks are kept as they are", () =>
  withFolder(async (folder) => {
    const file = join(folder, "authorized_keys");
    const [one, two] = [await makeKey(folder, "ed25519"), await makeKey(folder, "ed25519")];
    const line = `from="10.0.0.0/8",command="echo ssh" ${one.line.trim()}`;
    await Deno.writeTextFile(file, `# mine\n${line}\n`);
    const keys = new SshKeys(file);
    assert.deepEqual(keys.list().map(({ fingerprint }) => fingerprint), [one.shown]);
    keys.add(two.line);
    assert.equal(await Deno.readTextFile(file), `# mine\n${line}\n${two.line}`);
  }));

Deno.test("what is no public key, or more than one line, is refused", () =>
  withFolder(async (folder) => {
    const file = join(folder, "authorized_keys");
    const keys = new SshKeys(file);
    const { line } = await makeKey(folder, "ed25519");
    const base64 = line.split(" ")[1];
    const wrong = [
      "",
      "hello",
      "ssh-ed25519",
      "ssh-ed25519 !!!!",
      "ssh-ed25519 AAAA",
      `ssh-rsa ${base64}`,
      `ssh-dss ${base64}`,
      `command="sh" ${line.trim()}`,
      `${line.trim()}\nssh-ed25519 ${base64} second`,
      `${line.trim()}\rsecond`,
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      `ssh-ed25519 ${base64.slice(0, -3)}`,
      `ssh-ed25519 ${"A".repeat(100)}`,
    ];
    for (const text of wrong) assert.throws(() => keys.add(text), Refusal, text);
    assert.equal(await Deno.stat(file).then(() => true, () => false), false);
  }));

Deno.test("a factory reset is the running system's own entry of the boot menu", async () => {
  await using system = await FakeSystem.start();
  const others = ["gamelan_0.2.0.efi@main", "gamelan_0.2.0.efi@factory-reset", "memtest.efi"];
  const entries = (...ids: string[]) =>
    system.state("entries.json", [...others, ...ids].map((id) => ({ id, type: "type2" })));
  await entries("gamelan_0.1.0.efi@main", "gamelan_0.1.0.efi@factory-reset");
  await requestFactoryReset("0.1.0");
  assert.equal(system.calls().at(-1), "bootctl set-oneshot gamelan_0.1.0.efi@factory-reset");
  await entries("gamelan_0.3.0+2-1.efi@factory-reset");
  await requestFactoryReset("0.3.0");
  assert.equal(system.calls().at(-1), "bootctl set-oneshot gamelan_0.3.0+2-1.efi@factory-reset");
  await entries("gamelan_0.1.0.efi");
  await assert.rejects(requestFactoryReset("0.1.0"), /no entry for a factory reset/);
  await assert.rejects(requestFactoryReset("0.2"), /no entry for a factory reset/);
});

Deno.test("the machine restarts only once the firmware has been told", async () => {
  await using system = await FakeSystem.start();
  const machine = new ApplianceMachine({ ...system.places, answerMs: 10 });
  await system.state("systemctl-fails", "", true);
  await assert.rejects(machine.factoryReset(), /Hold Space when it starts/);
  assert.deepEqual(system.calls(), ["systemctl start box-factory-reset.service"]);
  await Deno.remove(join(system.folder, "state/systemctl-fails"));
  await machine.factoryReset();
  while (system.calls().length < 3) await new Promise((done) => setTimeout(done, 10));
  assert.equal(system.calls()[2], "systemctl --no-block reboot");
});
