/** Updates that a box makes by itself, and the health gate that decides about them. */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { Box } from "../../src/fleet/box/box.ts";
import type { BoxHost } from "../../src/fleet/box/host.ts";
import {
  forgetUpdate,
  install,
  takeBundle,
  waitingUpdate,
} from "../../src/fleet/box/own_update.ts";
import { prove } from "../../src/fleet/box/prove.ts";
import { BoxState } from "../../src/fleet/box/state.ts";
import { packDelta } from "../../src/update/delta_bundle.ts";
import { packBundle } from "../../src/update/archive.ts";
import { signBundle } from "../../src/update/sign.ts";
import { readBundleHead } from "../../src/update/verify.ts";
import { FolderUpdater, type ImageTraits } from "./folder_updater.ts";
import { openSimulatedHost } from "./simulated_host.ts";

const keys = generateKeyPairSync("ed25519") as unknown as Record<
  "privateKey" | "publicKey",
  KeyObject
>;

/** A box on a test double of its slots; time passes at once. */
class TestBox {
  readonly updater: FolderUpdater;
  readonly host: BoxHost;
  sessions: number[] = [0];
  slept: number[] = [];
  said: string[] = [];
  /** What the update was in, at each sleep. */
  phases: unknown[] = [];

  private constructor(readonly root: string) {
    this.updater = FolderUpdater.create(root, "1.0.0");
    const key = keys.publicKey.export({ type: "spki", format: "pem" });
    Deno.writeTextFileSync(join(root, "box.json"), JSON.stringify({ name: "box", key, main: "" }));
    const host = openSimulatedHost(root);
    this.host = {
      ...host,
      armReturn: () => Promise.resolve(),
      disarmReturn: () => Promise.resolve(),
      sleep: (seconds) => {
        this.slept.push(seconds);
        this.phases.push(this.state.ownUpdate?.phase);
        return Promise.resolve();
      },
      health: async (measure) => {
        const sessions = this.sessions.length > 1 ? this.sessions.shift()! : this.sessions[0];
        return { ...await host.health(measure), sessions };
      },
    };
  }

  static async with(test: (box: TestBox) => Promise<void>): Promise<void> {
    const root = await Deno.makeTempDir({ prefix: "gamelan-own-" });
    try {
      await test(new TestBox(root));
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  }

  get state(): BoxState {
    return new BoxState(this.host.dataDir);
  }

  async bundle(version: string, traits: ImageTraits = {}): Promise<string> {
    const folder = join(this.root, `bundle-${version}`);
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "image.json"), JSON.stringify(traits));
    await Deno.writeTextFile(join(folder, "root.raw"), version.repeat(1000));
    const description = { product: "gamelan", architecture: "amd64" as const, version };
    await signBundle(folder, description, keys.privateKey);
    return folder;
  }

  /** A bundle with nothing but an extension. */
  async extension(version: string, content = "a driver"): Promise<string> {
    const folder = await Deno.makeTempDir({ dir: this.root });
    await Deno.writeTextFile(join(folder, `gamelan-nvidia_${version}.raw`), content);
    const description = { product: "gamelan", architecture: "amd64" as const, version };
    await signBundle(folder, { ...description, extendsSystem: true }, keys.privateKey);
    return folder;
  }

  async take(source: string | AsyncIterable<Uint8Array>, when: "idle" | "now" = "idle") {
    const taken = await takeBundle(this.host, source, { operator: "test", when });
    assert.ok("update" in taken, JSON.stringify(taken));
    return taken.update;
  }

  async install(): Promise<void> {
    await install(this.host, waitingUpdate(this.host), (text) => this.said.push(text));
  }

  /** What a start of the box does; the boot loader blesses after a good proof. */
  async start(): Promise<string | undefined> {
    this.updater.boot();
    await new Box(this.host).returnAtBoot();
    return await prove(this.host);
  }

  status() {
    return new Box(this.host).status(false);
  }

  staged(): string[] {
    try {
      return [...Deno.readDirSync(join(this.host.dataDir, "box/staging"))].map(({ name }) => name);
    } catch {
      return [];
    }
  }
}

for (const form of ["folder", "file"]) {
  Deno.test(`an update from a ${form} is installed, proves itself and is blessed`, () =>
    TestBox.with(async (box) => {
      const folder = await box.bundle("1.1.0");
      const file = join(box.root, "update");
      await packBundle(folder, file);
      await box.take(form === "folder" ? folder : (await Deno.open(file)).readable);
      await box.install();
      assert.equal(box.state.ownUpdate, undefined);
      assert.deepEqual(box.slept, []);
      assert.equal(await box.start(), undefined);
      const { slots, pending, lastUpdate, proof } = await box.status();
      assert.deepEqual(slots!.current, { name: "b", version: "1.1.0", blessed: true });
      assert.equal(pending, undefined);
      assert.equal(lastUpdate!.outcome, "installed");
      assert.deepEqual(proof!.failures, []);
      assert.deepEqual(box.staged(), []);
    }));
}

Deno.test("an update that holds only what differs is made whole from what runs, or refused", () =>
  TestBox.with(async (box) => {
    const [older, newer] = [await box.bundle("1.0.0"), await box.bundle("1.1.0")];
    const large = crypto.getRandomValues(new Uint8Array(50_000));
    for (const [folder, byte] of [[older, 1], [newer, 2]] as const) {
      large[20_000] = byte;
      await Deno.writeFile(join(folder, "root.raw"), large);
      const version = folder === older ? "1.0.0" : "1.1.0";
      const description = { product: "gamelan", architecture: "amd64" as const, version };
      await signBundle(folder, description, keys.privateKey);
    }
    const file = join(box.root, "delta");
    const made = await packDelta(older, newer, file);
    assert.ok(made.bytes < 8000, `${made.bytes} bytes`);
    const open = async () => (await Deno.open(file)).readable;
    await assert.rejects(box.take(await open()), /use the whole one/);
    assert.deepEqual(box.staged(), []);
    await Deno.copyFile(join(older, "root.raw"), join(box.root, "slots/a/root.raw"));
    await Deno.copyFile(join(older, "image.json"), join(box.root, "slots/a/image.json"));
    await box.take(await open());
    await box.install();
    assert.equal(await box.start(), undefined);
    assert.equal((await box.status()).version, "1.1.0");
    assert.deepEqual(await Deno.readFile(join(box.root, "slots/b/root.raw")), large);
  }));

Deno.test("it waits until nobody plays", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0"));
    box.sessions = [2, 2, 1, 0];
    await box.install();
    assert.deepEqual(box.phases, ["waiting", "waiting"]);
    assert.equal(box.updater.loader.next, "b");
  }));

Deno.test("who begins to play meanwhile is warned, and so is who plays where it shall be now", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0"), "now");
    box.sessions = [1];
    await box.install();
    assert.deepEqual([box.slept, box.phases], [[120], ["warning"]]);
    assert.match(box.said.join("\n"), /ended in 120 s/);
  }));

Deno.test("a system whose test fails stays unblessed, and its reasons are told by the one before", () =>
  TestBox.with(async (box) => {
    const reason = "“The picture is encoded” failed: nothing was encoded";
    await box.take(await box.bundle("1.1.0", { selfTest: reason }));
    await box.install();
    for (let tries = 1; tries <= 3; tries++) {
      if (tries > 1) await box.updater.requestReboot();
      assert.equal(await box.start(), reason);
      const { slots, proof } = await box.status();
      assert.equal(slots!.current.blessed, false);
      assert.equal(proof!.failures.length, tries);
    }
    // The boot loader's tries are used up.
    box.updater.loader = { ...box.updater.loader, running: "a", next: "a" };
    await new Box(box.host).returnAtBoot();
    const { lastUpdate, pending, version } = await box.status();
    assert.equal(version, "1.0.0");
    assert.equal(pending, undefined);
    assert.equal(lastUpdate!.outcome, "taken-back");
    assert.equal(lastUpdate!.detail, `1.1.0 was tried three times and taken back: ${reason}`);
  }));

Deno.test("a blessed system that fails its test later only says so", () =>
  TestBox.with(async (box) => {
    const failing = { ...box.host, selfTest: () => Promise.resolve("no sound") };
    assert.equal(await prove(failing), "no sound");
    const { proof, slots } = await box.status();
    assert.deepEqual(proof!.failures, ["no sound"]);
    assert.equal(slots!.current.blessed, true);
  }));

Deno.test("an operator's bundle is not made final by its test", () =>
  TestBox.with(async (box) => {
    const folder = await box.bundle("1.1.0");
    const { id } = await box.take(folder);
    const path = join(box.host.dataDir, "box/staging", id, "request.json");
    const { confirmedBy: _, ...request } = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(path, JSON.stringify({ ...request, confirmSeconds: 5 }));
    await new Box(box.host).apply(id, () => Promise.resolve());
    box.updater.boot();
    assert.equal(await prove(box.host), undefined);
    assert.equal((await box.status()).pending!.id, id);
    await new Box(box.host).confirm(id);
    assert.equal((await box.status()).pending, undefined);
  }));

Deno.test("a system that runs although the power went before that was noted goes on to its test", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0"));
    const before = box.state.ownUpdate!;
    await box.install();
    box.state.pending = { ...box.state.pending!, phase: "applying" };
    box.state.ownUpdate = { ...before, phase: "installing" };
    assert.equal(await box.start(), undefined);
    assert.deepEqual((await box.status()).slots!.current, {
      name: "b",
      version: "1.1.0",
      blessed: true,
    });
    // What the unit does at the start: it must not install over the system before.
    await box.install();
    assert.equal(box.state.ownUpdate, undefined);
    assert.equal((await box.status()).slots!.other.version, "1.0.0");
  }));

Deno.test("an update that is refused leaves nothing behind but the reason", () =>
  TestBox.with(async (box) => {
    const folder = await box.bundle("1.1.0");
    await Deno.writeTextFile(join(folder, "root.raw"), "x".repeat(5000));
    await box.take(folder);
    await assert.rejects(box.install(), /not what was signed/);
    assert.deepEqual(box.staged(), []);
    const { ownUpdate, version } = await box.status();
    assert.equal(version, "1.0.0");
    assert.equal(ownUpdate!.phase, "failed");
    assert.match(ownUpdate!.detail!, /not what was signed/);
    assert.throws(() => waitingUpdate(box.host), /No update waits/);
  }));

Deno.test("a file that is cut short is refused, and its bytes do not stay", () =>
  TestBox.with(async (box) => {
    const file = join(box.root, "update");
    await packBundle(await box.bundle("1.1.0"), file);
    await Deno.truncate(file, 4000);
    await assert.rejects(box.take((await Deno.open(file)).readable), /cut short/);
    assert.deepEqual(box.staged(), []);
    assert.equal(box.state.ownUpdate, undefined);
  }));

Deno.test("one update is taken in or installed at a time; another one waits for it", () =>
  TestBox.with(async (box) => {
    const bundle = await box.bundle("1.1.0");
    await box.take(bundle);
    const [begun, mayEnd] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    // As the house's own service after a power cut, while somebody brings the same update once more.
    const first = box.state.updating(async () => {
      begun.resolve();
      await mayEnd.promise;
      box.state.unstage(box.state.ownUpdate!.id);
    });
    await begun.promise;
    let waits = 0;
    const second = takeBundle(box.host, bundle, {
      operator: "test",
      when: "idle",
      onWait: () => waits++,
    });
    const deadline = Date.now() + 10_000;
    while (waits === 0 && Date.now() < deadline) await new Promise((done) => setTimeout(done, 10));
    assert.equal(waits, 1);
    mayEnd.resolve();
    await first;
    assert.ok("update" in await second);
    await box.install();
    assert.equal(await box.start(), undefined);
    assert.equal((await box.status()).version, "1.1.0");
  }));

Deno.test("an update that another one took the place of is not installed", () =>
  TestBox.with(async (box) => {
    const older = await box.take(await box.bundle("1.1.0"));
    await box.take(await box.bundle("1.2.0"));
    await install(box.host, older, (text) => box.said.push(text));
    assert.match(box.said.at(-1)!, /1\.1\.0 waits no longer/);
    await box.install();
    assert.equal(await box.start(), undefined);
    assert.equal((await box.status()).version, "1.2.0");
  }));

Deno.test("an update that waits can be given up", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0"));
    assert.equal(forgetUpdate(box.host).version, "1.1.0");
    assert.deepEqual(box.staged(), []);
    assert.throws(() => forgetUpdate(box.host), /No update waits/);
  }));

Deno.test("an extension for the version that runs is added, tried and kept", () =>
  TestBox.with(async (box) => {
    const folder = await box.extension("1.0.0");
    await box.take(folder);
    await box.install();
    assert.equal(box.state.ownUpdate, undefined);
    assert.ok((await box.status()).pending !== undefined);
    assert.equal(await box.start(), undefined);
    const { slots, pending, lastUpdate } = await box.status();
    assert.deepEqual(slots!.current, { name: "a", version: "1.0.0", blessed: true });
    assert.equal(pending, undefined);
    assert.equal(lastUpdate!.detail, "runs 1.0.0 with gamelan-nvidia_1.0.0.raw");
    assert.deepEqual(box.updater.used, ["gamelan-nvidia_1.0.0.raw"]);
    assert.deepEqual(box.staged(), []);
    // The bundle of the system itself is still known as what it came from.
    assert.equal(box.state.applied.bundle, undefined);
  }));

Deno.test("an extension that the system does not take is taken back, with the reason", () =>
  TestBox.with(async (box) => {
    await box.take(await box.extension("1.0.0", "other kernel"));
    await box.install();
    await box.start();
    const { slots, pending, lastUpdate } = await box.status();
    assert.deepEqual(slots!.current, { name: "a", version: "1.0.0", blessed: true });
    assert.equal(pending, undefined);
    assert.equal(lastUpdate!.outcome, "taken-back");
    assert.match(lastUpdate!.detail, /gamelan-nvidia_1\.0\.0\.raw does not fit this system/);
    assert.deepEqual([...Deno.readDirSync(join(box.root, "extensions"))], []);
  }));

Deno.test("an extension with which the box does not play is taken back, and the box restarts", () =>
  TestBox.with(async (box) => {
    await box.take(await box.extension("1.0.0"));
    await box.install();
    box.updater.boot();
    const broken = { ...box.host, selfTest: () => Promise.resolve("no picture is encoded") };
    await new Box(broken).returnAtBoot();
    const { pending, lastUpdate } = await box.status();
    assert.equal(pending, undefined);
    assert.deepEqual([lastUpdate!.outcome, lastUpdate!.detail], [
      "taken-back",
      "no picture is encoded",
    ]);
    assert.deepEqual([...Deno.readDirSync(join(box.root, "extensions"))], []);
    await Deno.stat(join(box.root, "reboot"));
  }));

Deno.test("an extension of another version is refused, and a fleet does not push one alone", () =>
  TestBox.with(async (box) => {
    await assert.rejects(
      box.take(await box.extension("1.1.0")),
      /is an extension for version 1\.1\.0; this machine runs 1\.0\.0/,
    );
    const head = await readBundleHead(await box.extension("1.0.0"));
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
    await assert.rejects(
      new Box(box.host).prepare({
        ...{ protocol: 1, kind: "bundle", push: "p", operator: "o" },
        ...{ confirmSeconds: 60, duringPlay: false },
        manifest: base64(head.manifest),
        signature: base64(head.signature),
      }),
      /only adds an extension/,
    );
  }));
