/** Updates that a box makes by itself, and the health gate that decides about them. */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { Box } from "../../src/fleet/box/box.ts";
import type { BoxHost } from "../../src/fleet/box/host.ts";
import { install, installWaiting } from "../../src/fleet/box/own_install.ts";
import { comingRestart } from "../../src/fleet/box/players.ts";
import { forgetUpdate, takeBundle, waitingUpdate } from "../../src/fleet/box/own_update.ts";
import type { OwnUpdate } from "../../src/fleet/box/protocol.ts";
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
  /** What happens while it waits or warns. */
  onSleep: (seconds: number) => unknown = () => {};
  /** How often a slot was written. */
  installations = 0;
  /** Whether what would take a change back is armed. */
  armed = false;

  private constructor(readonly root: string) {
    this.updater = FolderUpdater.create(root, "1.0.0");
    const key = keys.publicKey.export({ type: "spki", format: "pem" });
    Deno.writeTextFileSync(join(root, "box.json"), JSON.stringify({ name: "box", key, main: "" }));
    const host = openSimulatedHost(root);
    const updater = host.updater!;
    const write = updater.install.bind(updater);
    updater.install = (bundle) => {
      this.installations++;
      return write(bundle);
    };
    this.host = {
      ...host,
      armReturn: () => Promise.resolve(void (this.armed = true)),
      disarmReturn: () => Promise.resolve(void (this.armed = false)),
      sleep: async (seconds) => {
        this.slept.push(seconds);
        this.phases.push(this.state.ownUpdate?.phase);
        await this.onSleep(seconds);
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
    await installWaiting(this.host, (text) => this.said.push(text));
  }

  /** Somebody begins to play while a version is installed. */
  async waitForRestart(source: string): Promise<void> {
    await this.take(source);
    this.sessions = [0, 1];
    this.onSleep = () => {
      throw new Error("the process ends");
    };
    await assert.rejects(this.install(), /the process ends/);
    this.onSleep = () => {};
    assert.deepEqual([this.isRestarting(), this.installations], [false, 1]);
  }

  isRestarting(): boolean {
    try {
      return Deno.statSync(join(this.root, "reboot")).isFile;
    } catch {
      return false;
    }
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
    const installed: number[] = [];
    box.onSleep = () => installed.push(box.installations);
    await box.install();
    assert.deepEqual(box.phases, ["waiting", "waiting", "waiting"]);
    assert.deepEqual(installed, [0, 0, 0]);
    assert.equal(box.updater.loader.next, "b");
    assert.equal(box.isRestarting(), true);
  }));

Deno.test("who plays is warned where it shall be now", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0"), "now");
    box.sessions = [1];
    const told: unknown[] = [];
    box.onSleep = () => told.push(comingRestart(box.state, Date.now())?.version);
    await box.install();
    assert.deepEqual([box.slept, told], [[120], ["1.1.0"]]);
    assert.equal(box.state.restart, undefined);
    assert.match(box.said.join("\n"), /ended in 120 s/);
    assert.equal(box.isRestarting(), true);
  }));

Deno.test("who begins to play while it is installed is waited for, and not warned", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0"));
    // Nobody plays when the installation begins.
    box.sessions = [0, 1, 1, 1, 0];
    box.onSleep = () => {
      assert.deepEqual([box.isRestarting(), box.armed, box.installations], [false, false, 1]);
      assert.equal(box.state.restart, undefined);
    };
    await box.install();
    assert.deepEqual([...new Set(box.slept)], [10]);
    assert.deepEqual([...new Set(box.phases)], ["waiting"]);
    assert.doesNotMatch(box.said.join("\n"), /ended in/);
    assert.equal(box.isRestarting(), true);
    assert.equal(box.state.ownUpdate, undefined);
    assert.equal(await box.start(), undefined);
    assert.deepEqual((await box.status()).slots!.current, {
      name: "b",
      version: "1.1.0",
      blessed: true,
    });
    assert.deepEqual(box.staged(), []);
  }));

Deno.test("while its restart waits the box answers: what it has, and that other changes must wait", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0"));
    const other = await box.bundle("1.2.0");
    box.sessions = [0, 1, 1, 1, 0];
    let answered = 0;
    box.onSleep = async () => {
      if (answered++ > 0) return;
      const { slots, ownUpdate, pending } = await box.status();
      assert.deepEqual(slots!.other, { name: "b", version: "1.1.0", blessed: false });
      assert.deepEqual([ownUpdate!.phase, pending!.id], ["waiting", ownUpdate!.id]);
      const about = { protocol: 1, push: "p", operator: "o" } as const;
      const config = { kind: "config", confirmSeconds: 60, duringPlay: true, text: "" } as const;
      await assert.rejects(
        new Box(box.host).prepare({ ...about, ...config }),
        /waits for its confirmation/,
      );
      await assert.rejects(box.take(other), /1\.1\.0 is installed here and waits for the restart/);
    };
    await box.install();
    assert.ok(answered > 0);
    assert.equal(await box.start(), undefined);
    assert.equal((await box.status()).version, "1.1.0");
  }));

Deno.test("the wait for the restart outlives its process: it is not installed anew", () =>
  TestBox.with(async (box) => {
    await box.waitForRestart(await box.bundle("1.1.0"));
    box.sessions = [1, 1, 0];
    box.slept = [];
    await box.install();
    // At the start of the machine something else decides first.
    assert.equal(box.slept[0], 60);
    assert.ok(box.slept.length > 1 && box.slept.slice(1).every((seconds) => seconds === 10));
    assert.deepEqual([box.isRestarting(), box.armed, box.installations], [true, true, 1]);
    assert.equal(await box.start(), undefined);
    assert.equal((await box.status()).version, "1.1.0");
  }));

Deno.test("after a power cut while the restart waits the new system runs, and nothing waits", () =>
  TestBox.with(async (box) => {
    await box.waitForRestart(await box.bundle("1.1.0"));
    await box.updater.requestReboot();
    assert.equal(await box.start(), undefined);
    // Somebody plays at once.
    box.sessions = [1];
    await box.install();
    const { slots, pending, ownUpdate, lastUpdate } = await box.status();
    assert.deepEqual(slots!.current, { name: "b", version: "1.1.0", blessed: true });
    assert.deepEqual([pending, ownUpdate], [undefined, undefined]);
    assert.equal(lastUpdate!.outcome, "installed");
    assert.equal(box.installations, 1);
  }));

Deno.test("after a power cut into the system before the update is taken back, and not tried again", () =>
  TestBox.with(async (box) => {
    await box.waitForRestart(await box.bundle("1.1.0", { boots: false }));
    await box.updater.requestReboot();
    assert.equal(await box.start(), undefined);
    box.sessions = [0];
    await box.install();
    const { version, pending, ownUpdate, lastUpdate } = await box.status();
    assert.equal(version, "1.0.0");
    assert.deepEqual([pending, ownUpdate], [undefined, undefined]);
    assert.equal(lastUpdate!.outcome, "taken-back");
    assert.deepEqual([box.isRestarting(), box.installations], [false, 1]);
  }));

Deno.test("after a power cut during the warning a bad update is not installed a second time", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0", { boots: false }), "now");
    box.sessions = [1];
    let warning: OwnUpdate | undefined;
    box.onSleep = () => {
      warning = box.state.ownUpdate;
      throw new Error("the power goes");
    };
    await assert.rejects(box.install(), /the power goes/);
    // What was on the disk then, before the error was noted there.
    box.state.ownUpdate = warning;
    assert.equal(comingRestart(box.state, Date.now())?.version, "1.1.0");
    box.onSleep = () => {};
    await box.updater.requestReboot();
    await box.start();
    await box.install();
    const { version, pending, ownUpdate, lastUpdate } = await box.status();
    assert.equal(version, "1.0.0");
    assert.deepEqual([pending, ownUpdate], [undefined, undefined]);
    assert.equal(lastUpdate!.outcome, "taken-back");
    assert.deepEqual([box.isRestarting(), box.installations], [false, 1]);
  }));

Deno.test("an extension that waits for its restart is settled by a power cut too", () =>
  TestBox.with(async (box) => {
    await box.take(await box.extension("1.0.0"));
    box.sessions = [0, 1];
    box.onSleep = () => {
      throw new Error("the process ends");
    };
    await assert.rejects(box.install(), /the process ends/);
    box.onSleep = () => {};
    await box.updater.requestReboot();
    assert.equal(await box.start(), undefined);
    await box.install();
    const { pending, ownUpdate, lastUpdate } = await box.status();
    assert.deepEqual([pending, ownUpdate], [undefined, undefined]);
    assert.equal(lastUpdate!.outcome, "installed");
    assert.equal(box.isRestarting(), false);
  }));

Deno.test("an update that waits for its restart can be given up", () =>
  TestBox.with(async (box) => {
    const bundle = await box.bundle("1.1.0");
    await box.take(bundle);
    box.sessions = [0, 1];
    box.onSleep = () => forgetUpdate(box.host);
    await box.install();
    const { pending, ownUpdate, lastUpdate } = await box.status();
    assert.deepEqual([pending, ownUpdate], [undefined, undefined]);
    assert.equal(lastUpdate!.detail, "1.1.0 was given up before it was started");
    assert.deepEqual([box.isRestarting(), box.armed, box.staged()], [false, false, []]);
    assert.equal(box.updater.loader.next, "a");
    // Brought again it is installed again.
    box.sessions = [0];
    await box.take(bundle);
    await box.install();
    assert.equal(box.isRestarting(), true);
  }));

Deno.test("an update that is given up during the warning ends no games", () =>
  TestBox.with(async (box) => {
    await box.take(await box.bundle("1.1.0"), "now");
    box.sessions = [1];
    box.onSleep = async () => {
      await forgetUpdate(box.host);
      assert.equal(box.state.restart, undefined);
    };
    await box.install();
    assert.deepEqual([box.slept, box.isRestarting()], [[120], false]);
    assert.deepEqual(box.updater.loader.next, "a");
    assert.match(box.said.at(-1)!, /waits no longer/);
  }));

Deno.test("who may not wait any longer says so by bringing the same update again", () =>
  TestBox.with(async (box) => {
    const bundle = await box.bundle("1.1.0");
    for (const sessions of [[1], [0, 1]]) {
      await box.take(bundle);
      box.sessions = sessions;
      box.slept = [];
      box.onSleep = (seconds) => seconds === 10 && box.take(bundle, "now");
      await box.install();
      assert.deepEqual(box.slept, [10, 120]);
      assert.equal(box.isRestarting(), true);
      box.onSleep = () => {};
      await Deno.remove(join(box.root, "reboot"));
      await new Box(box.host).rollback("bundle", () => Promise.resolve());
    }
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
    assert.equal((await forgetUpdate(box.host)).version, "1.1.0");
    assert.deepEqual(box.staged(), []);
    await assert.rejects(forgetUpdate(box.host), /No update waits/);
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
