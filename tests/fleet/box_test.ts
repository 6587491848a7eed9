/** The box's side alone: hostile requests, power cuts, timers. */
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { comingRestart } from "../../src/fleet/box/players.ts";
import { runBoxCommand } from "../../src/fleet/box/command.ts";
import type { BoxHost } from "../../src/fleet/box/host.ts";
import type { BoxStatus, Prepared } from "../../src/fleet/box/protocol.ts";
import { BoxState } from "../../src/fleet/box/state.ts";
import { BoxClient, BoxSaysNo } from "../../src/fleet/box_client.ts";
import type { Ssh } from "../../src/fleet/ssh.ts";
import { signBundle } from "../../src/update/sign.ts";
import { FolderUpdater } from "./folder_updater.ts";
import { openSimulatedHost } from "./simulated_host.ts";

interface Answer {
  code: number;
  // deno-lint-ignore no-explicit-any -- each test looks into the answer that it expects
  result?: any;
  error?: { reason: string; message: string };
}

const about = { protocol: 1, push: "p", operator: "anna@desk" };
const provisional = { ...about, confirmSeconds: 30, duringPlay: false };

type KeyPair = Record<"publicKey" | "privateKey", KeyObject>;

/** A box in a folder; timers are remembered and not run. */
class TestBox {
  readonly host: BoxHost;
  readonly updater: FolderUpdater;
  readonly armed: { id: string; seconds: number }[] = [];
  slept: number[] = [];
  restarts = 0;
  /** Games that are played, at each look; the last one stays. */
  games: number[] = [0];
  /** What players are told at each sleep, and whether the machine restarts already. */
  told: { version?: string; seconds?: number; restarts: boolean }[] = [];
  /** What happens when the service is restarted, such as a power cut. */
  onRestart: () => void = () => {};

  private constructor(readonly root: string, readonly key: KeyPair) {
    this.updater = FolderUpdater.create(root, "1.0.0");
    const pem = this.key.publicKey.export({ type: "spki", format: "pem" });
    Deno.writeTextFileSync(
      join(root, "box.json"),
      JSON.stringify({ name: "test", key: pem, main: "" }),
    );
    const host = openSimulatedHost(root);
    this.host = {
      ...host,
      health: async (measure) => {
        const sessions = this.games.length > 1 ? this.games.shift()! : this.games[0];
        return { ...await host.health(measure), sessions };
      },
      armReturn: (id, seconds) => Promise.resolve(void this.armed.push({ id, seconds })),
      disarmReturn: () => Promise.resolve(void this.armed.splice(0)),
      restartService: () => {
        this.restarts++;
        this.onRestart();
        return Promise.resolve();
      },
      sleep: (seconds) => {
        this.slept.push(seconds);
        const coming = comingRestart(new BoxState(host.dataDir), Date.now());
        const left = coming?.restartAt && Date.parse(coming.restartAt) - Date.now();
        this.told.push({
          version: coming?.version,
          seconds: left ? Math.round(left / 1000) : undefined,
          restarts: this.restarting,
        });
        return Promise.resolve();
      },
    };
  }

  /** Whether it was asked to restart. */
  get restarting(): boolean {
    try {
      Deno.statSync(join(this.root, "reboot"));
      return true;
    } catch {
      return false;
    }
  }

  static async with(body: (box: TestBox) => Promise<void>): Promise<void> {
    const root = await Deno.makeTempDir({ prefix: "gamelan-box-" });
    try {
      await body(
        new TestBox(root, generateKeyPairSync("ed25519") as unknown as KeyPair),
      );
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  }

  async call(words: string, input: unknown = "", host = this.host): Promise<Answer> {
    const lines: string[] = [];
    const text = typeof input === "string" ? input : JSON.stringify(input);
    const code = await runBoxCommand(words.split(" "), () => host, {
      input: () => Promise.resolve(new TextEncoder().encode(text)),
      print: (line) => lines.push(line),
    });
    assert.ok(lines.length <= 1, lines.join("\n"));
    return { code, ...JSON.parse(lines[0] ?? "{}") };
  }

  async status(): Promise<BoxStatus> {
    return (await this.call("status")).result;
  }

  config(text: string): Promise<Answer> {
    return this.call("prepare", { ...provisional, kind: "config", text });
  }

  /** Signs a bundle, prepares it, and puts its files where they belong. */
  async stagedBundle(version: string, change = {}): Promise<{ id: string; folder: string }> {
    const source = await Deno.makeTempDir({ dir: this.root });
    await Deno.writeTextFile(join(source, "image.json"), "{}");
    await Deno.writeTextFile(join(source, "root.raw"), version.repeat(1000));
    await signBundle(
      source,
      { product: "gamelan", architecture: "amd64", version },
      this.key.privateKey,
    );
    const base64 = (name: string) => Deno.readFileSync(join(source, name)).toBase64();
    const { result, error } = await this.call("prepare", {
      ...provisional,
      ...change,
      kind: "bundle",
      manifest: base64("manifest.json"),
      signature: base64("manifest.json.sig"),
    });
    assert.equal(error, undefined);
    const prepared = result as Extract<Prepared, { outcome: "ready" }>;
    for await (const { name } of Deno.readDir(source)) {
      await Deno.copyFile(join(source, name), join(prepared.folder, name));
    }
    return prepared;
  }

  /** Brings it to a confirmed system. */
  async updated(version: string): Promise<void> {
    const { id } = await this.stagedBundle(version);
    await this.call(`apply ${id}`);
    this.updater.boot();
    assert.equal((await this.call("prove")).code, 0);
    assert.equal((await this.call(`confirm ${id}`)).code, 0);
  }

  events(): string[] {
    const text = Deno.readTextFileSync(join(this.root, "data/box/journal.jsonl"));
    return text.trim().split("\n").map((line) => JSON.parse(line).event);
  }
}

Deno.test("files that were changed or cut on their way are refused by the box", () =>
  TestBox.with(async (box) => {
    const { id, folder } = await box.stagedBundle("1.1.0");
    const file = join(folder, "root.raw");
    await Deno.truncate(file, 100);
    const cut = await box.call(`apply ${id}`);
    assert.deepEqual([cut.code, cut.error!.reason], [1, "truncated"]);
    await Deno.writeTextFile(file, "x".repeat(5000));
    assert.equal((await box.call(`apply ${id}`)).error!.reason, "tampered");
    assert.equal((await box.status()).version, "1.0.0");
    assert.equal(box.updater.loader.next, "a");
    assert.equal((await box.call(`apply ${id}`)).error!.reason, "nothing");
    assert.deepEqual(box.armed, []);
  }));

Deno.test("a change is provisional until it is confirmed, and confirming twice is no error", () =>
  TestBox.with(async (box) => {
    const { id } = await box.stagedBundle("1.1.0");
    const applied = await box.call(`apply ${id}`);
    assert.deepEqual([applied.result.outcome, applied.result.reboots], ["provisional", true]);
    assert.deepEqual(box.armed, [{ id, seconds: 630 }]);
    const early = await box.call(`confirm ${id}`);
    assert.equal(early.error!.reason, "wrong-slot");
    box.updater.boot();
    assert.equal((await box.status()).slots!.current.blessed, false);
    const untested = await box.call(`confirm ${id}`);
    assert.equal(untested.error!.reason, "unhealthy");
    assert.match(untested.error!.message, /1\.1\.0 has not passed its own test yet/);
    assert.equal((await box.call("prove")).code, 0);
    assert.equal((await box.call(`confirm ${id}`)).code, 0);
    assert.equal((await box.call(`confirm ${id}`)).code, 0);
    const { slots, pending } = await box.status();
    assert.deepEqual([slots!.current.version, slots!.current.blessed, pending], [
      "1.1.0",
      true,
      undefined,
    ]);
    assert.deepEqual(box.armed, []);
    await assert.rejects(Deno.stat(join(box.root, "data/box/staging", id)), Deno.errors.NotFound);
  }));

Deno.test("the timer takes a change back, and a late confirmation hears of it", () =>
  TestBox.with(async (box) => {
    const { id } = await box.stagedBundle("1.1.0");
    await box.call(`apply ${id}`);
    box.updater.boot();
    await box.call("return --at-boot");
    assert.deepEqual(box.slept, [30]);
    box.updater.boot();
    const late = await box.call(`confirm ${id}`);
    assert.equal(late.error!.reason, "returned");
    assert.match(late.error!.message, /nobody confirmed it within 30 s; goes back to 1\.0\.0/);
    assert.equal((await box.status()).version, "1.0.0");
    // A timer that comes later finds nothing to do.
    await box.call(`return ${id}`);
    assert.deepEqual(box.events(), ["prepared", "applied", "returned"]);
  }));

Deno.test("a box on which somebody plays is neither prepared nor changed, and is asked again later", () =>
  TestBox.with(async (box) => {
    const { id } = await box.stagedBundle("1.1.0");
    box.games = [2];
    const busy = await box.call(`apply ${id}`);
    assert.deepEqual([busy.code, busy.error!.reason], [1, "busy"]);
    assert.match(busy.error!.message, /2 games are being played.*--during-play/);
    assert.equal((await box.config("")).error!.reason, "busy");
    assert.equal(box.updater.loader.next, "a");
    assert.equal(box.restarting, false);
    box.games = [0];
    assert.equal((await box.call(`apply ${id}`)).code, 0);
    assert.equal(box.restarting, true);
    // Nobody was there to be warned.
    assert.deepEqual(box.slept, []);
  }));

Deno.test("who begins to play while an update is written is not thrown out: it is taken out again", () =>
  TestBox.with(async (box) => {
    const { id } = await box.stagedBundle("1.1.0");
    box.games = [0, 1];
    const busy = await box.call(`apply ${id}`);
    assert.equal(busy.error!.reason, "busy");
    assert.match(busy.error!.message, /1 game is being played/);
    assert.deepEqual([box.restarting, box.updater.loader.next], [false, "a"]);
    // It was written all the same, and is not what a power cut would start.
    assert.equal(await Deno.readTextFile(join(box.root, "slots/b/version")), "1.1.0");
    const { pending, lastUpdate, last } = await box.status();
    assert.deepEqual([pending, lastUpdate, box.armed], [undefined, undefined, []]);
    assert.deepEqual([last!.event, last!.detail], ["refused", busy.error!.message]);
    // Its files are still there, so that it is done as soon as they have ended.
    box.games = [0];
    assert.equal((await box.call(`apply ${id}`)).code, 0);
    assert.equal(box.restarting, true);
    box.updater.boot();
    assert.equal((await box.call("prove")).code, 0);
    assert.equal((await box.call(`confirm ${id}`)).code, 0);
  }));

Deno.test("players who are not waited for are told two minutes before the restart, by the box alone", () =>
  TestBox.with(async (box) => {
    const { id } = await box.stagedBundle("1.1.0", { duringPlay: true });
    box.games = [1];
    const applied = await box.call(`apply ${id}`);
    assert.equal(applied.result.outcome, "provisional");
    assert.deepEqual(box.told, [{ version: "1.1.0", seconds: 120, restarts: false }]);
    assert.equal(box.restarting, true);
    // The way back waits for the warning too.
    assert.deepEqual(box.armed, [{ id, seconds: 30 + 600 + 120 }]);
    assert.equal((await box.status()).restart, undefined);
  }));

Deno.test("a rollback asks for players too, and warns them where it may not wait", () =>
  TestBox.with(async (box) => {
    await box.updated("1.1.0");
    box.games = [1];
    const busy = await box.call("rollback bundle");
    assert.deepEqual([busy.code, busy.error!.reason], [1, "busy"]);
    assert.deepEqual([box.restarting, box.updater.loader.next], [false, "b"]);
    const back = await box.call("rollback bundle --during-play");
    assert.match(back.result.detail, /goes back from 1\.1\.0 to 1\.0\.0/);
    assert.deepEqual(box.told, [{ version: "1.0.0", seconds: 120, restarts: false }]);
    assert.equal(box.restarting, true);
  }));

Deno.test("who plays on a system that is taken back is warned, whoever takes it back", async () => {
  for (const how of ["return", "rollback"]) {
    await TestBox.with(async (box) => {
      const { id } = await box.stagedBundle("1.1.0");
      await box.call(`apply ${id}`);
      box.updater.boot();
      box.games = [1];
      await box.call(`${how} ${id}`);
      assert.deepEqual(box.told, [{ version: "1.0.0", seconds: 120, restarts: false }], how);
      assert.equal(box.restarting, true);
    });
  }
});

Deno.test("a warning that a power cut ended is not told at the next start", () =>
  TestBox.with(async (box) => {
    const state = new BoxState(box.host.dataDir);
    const coming = (seconds: number) => {
      const restartAt = new Date(Date.now() + seconds * 1000).toISOString();
      state.restart = { version: "1.1.0", restartAt };
      return comingRestart(state, Date.now())?.version;
    };
    assert.equal(coming(100), "1.1.0");
    assert.equal(coming(-1), undefined);
    // The clock was set back.
    assert.equal(coming(5000), undefined);
    await box.call("return --at-boot");
    assert.equal(state.restart, undefined);
  }));

Deno.test("a power cut while a configuration is written ends with the old one", () =>
  TestBox.with(async (box) => {
    const file = join(box.root, "gamelan.toml");
    await Deno.writeTextFile(file, '[house]\nname = "Old"\n');
    const { result: { id } } = await box.config('[house]\nname = "New"\n');
    // What the disk holds in the moment of the cut.
    const pendingFile = join(box.root, "data/box/pending.json");
    let cut: [string, string] | undefined;
    box.onRestart = () => {
      cut = [Deno.readTextFileSync(file), Deno.readTextFileSync(pendingFile)];
      box.onRestart = () => {};
    };
    await box.call(`apply ${id}`);
    await box.call(`rollback ${id}`);
    assert.match(cut![0], /New/);
    await Deno.writeTextFile(file, cut![0]);
    await Deno.writeTextFile(pendingFile, cut![1]);
    await box.call("return --at-boot");
    assert.equal(await Deno.readTextFile(file), '[house]\nname = "Old"\n');
    assert.equal((await box.status()).pending, undefined);
    assert.deepEqual(box.slept, []);
  }));

Deno.test("one change at a time: another one is told what it waits for", () =>
  TestBox.with(async (box) => {
    const { result: { id } } = await box.config('[house]\nname = "A"\n');
    assert.equal((await box.call(`apply ${id}`)).code, 0);
    assert.equal((await box.config('[house]\nname = "A"\n')).result.outcome, "provisional");
    const other = await box.config('[house]\nname = "B"\n');
    assert.equal(other.error!.reason, "busy");
    assert.match(other.error!.message, /pushed by anna@desk, waits for its confirmation/);
    assert.equal((await box.call("rollback bundle")).error!.reason, "busy");
    assert.equal((await box.call("rollback config")).code, 0);
    await assert.rejects(Deno.stat(join(box.root, "gamelan.toml")), Deno.errors.NotFound);
    assert.equal((await box.call(`confirm ${id}`)).error!.reason, "returned");
  }));

Deno.test("a failing service is not confirmed", () =>
  TestBox.with(async (box) => {
    const { result: { id } } = await box.config('[house]\nname = "failing"\n');
    await box.call(`apply ${id}`);
    assert.equal((await box.call(`confirm ${id}`)).error!.reason, "unhealthy");
    assert.equal((await box.status()).pending!.id, id);
  }));

Deno.test("a configuration that moves the box's own data is refused", () =>
  TestBox.with(async (box) => {
    const moved = await box.config('data_dir = "/elsewhere"\n');
    assert.equal(moved.error!.reason, "config");
    assert.match(moved.error!.message, /data_dir cannot be changed by a push/);
  }));

Deno.test("hostile requests and words are refused, and nothing is written", () =>
  TestBox.with(async (box) => {
    const config = { ...provisional, kind: "config", text: "" };
    const game = { ...about, kind: "game", name: "a.erofs", bytes: 1, sha256: "0".repeat(64) };
    const requests: unknown[] = [
      "",
      "null",
      "[]",
      "{}",
      "{",
      "x".repeat(600_000),
      "[".repeat(100_000),
      { ...config, protocol: 2 },
      { ...config, confirmSeconds: 0 },
      { ...config, confirmSeconds: 1e9 },
      { ...config, push: "a\nb" },
      { ...config, text: "x".repeat(300_000) },
      { ...config, extra: 1 },
      { ...config, kind: "shell" },
      { ...game, name: "../../etc/cron.d/x.erofs" },
      { ...game, name: "-x.erofs" },
      { ...game, name: "a/b.erofs" },
      { ...game, bytes: -1 },
      { ...game, sha256: "../../../x" },
      { ...provisional, kind: "bundle", manifest: "!!", signature: "" },
    ];
    for (const request of requests) {
      const { code, error } = await box.call("prepare", request);
      const text = JSON.stringify(request).slice(0, 80);
      assert.deepEqual([code, error?.reason], [2, "request"], text);
    }
    const noSignature = { ...provisional, kind: "bundle", manifest: "e30=", signature: "e30=" };
    assert.equal((await box.call("prepare", noSignature)).error!.reason, "malformed");
    for (
      const words of [
        "",
        "shell",
        "apply",
        "apply ../../x",
        "apply config-0123456789abcdef extra",
        "confirm x",
        "rollback everything",
        "return",
        "logs --lines -1",
        "logs --lines 1e9",
        "status --unknown",
      ]
    ) assert.deepEqual((await box.call(words)).error?.reason, "request", words);
    for (
      const key of [
        "",
        "ssh-ed25519",
        'command="x" ssh-ed25519 AAAA',
        "a\nb",
        `ssh-rsa ${"A".repeat(60)}\nssh-rsa ${"B".repeat(60)}`,
      ]
    ) {
      assert.equal((await box.call("authorize", key)).error?.reason, "request", key);
    }
    await assert.rejects(Deno.stat(join(box.root, "data/box/staging")), Deno.errors.NotFound);
    await assert.rejects(Deno.stat(join(box.root, "authorized_keys")), Deno.errors.NotFound);
  }));

Deno.test("a machine without slots takes no bundles, and says why", () =>
  TestBox.with(async (box) => {
    const { updater: _, ...plain } = box.host;
    const bundle = { ...provisional, kind: "bundle", manifest: "e30=", signature: "e30=" };
    const { error } = await box.call("prepare", bundle, plain);
    assert.equal(error!.reason, "unsupported");
    assert.equal((await box.call("status", "", plain)).result.slots, undefined);
  }));

Deno.test("an answer that makes no sense is the box's fault, in plain words", async () => {
  const host = { name: "attic", address: "attic", command: "gamelan", tags: [], variables: {} };
  const says = (stdout: string, code = 0, stderr = "") => {
    // Test double of a connection that answers what it is told to.
    const ssh = { runShell: () => Promise.resolve({ code, stdout, stderr }) } as unknown as Ssh;
    return new BoxClient(ssh, host).status();
  };
  const cases: [string, number, string, RegExp][] = [
    ["", 127, "sh: gamelan: not found", /does not know the command/],
    ["hello\n", 0, "", /no answer that we understand: hello/],
    ['{"protocol":9,"result":{}}', 0, "", /it speaks protocol 9, this is 1/],
    ['{"protocol":1,"result":{"name":"x"}}', 0, "", /unexpected at product/],
    ['{"protocol":1,"error":{"reason":"pwned","message":"x"}}', 1, "", /no answer/],
    ["\x1b]0;title\x07", 1, "", /no answer that we understand: +]0;title/],
    [`"${"x".repeat(600_000)}"`, 0, "", /no answer/],
  ];
  for (const [stdout, code, stderr, message] of cases) {
    await assert.rejects(says(stdout, code, stderr), (error: Error) => {
      assert.ok(error instanceof BoxSaysNo, stdout.slice(0, 40));
      assert.match(error.message, message);
      return true;
    });
  }
});
