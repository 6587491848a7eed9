/**
 * A fleet of simulated boxes: each a real sshd on a loopback port with its own home, keys and state,
 * and the real agent command around test doubles of systemd and of the updater. Starting, rebooting
 * and switching off is done from here.
 */
import * as esbuild from "esbuild";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signBundle } from "../../src/update/sign.ts";
import { prove } from "../../src/fleet/box/prove.ts";
import { FolderUpdater, type ImageTraits } from "./folder_updater.ts";
import { Operator, type Said } from "./operator.ts";
import { type BoxSetup, houseName, openSimulatedHost, readSetup } from "./simulated_host.ts";
import { freePorts } from "../tools/free_ports.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const main = join(repository, "main.ts");
const WATCH_MS = 50;
/** How long it goes on when it was asked to restart: who asked still hears so. */
const DOWN_MS = 700;
/** How long a simulated box is away while it reboots. */
const BOOT_MS = 300;
/** How long it starts after that, while it can be reached already. */
const START_MS = 500;

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function run(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${decode(stderr)}`);
  return decode(stdout);
}

export class SimulatedBox {
  readonly updater: FolderUpdater;
  #sshd: Deno.ChildProcess | undefined;
  #atBoot: Deno.ChildProcess | undefined;

  constructor(
    readonly name: string,
    readonly root: string,
    readonly port: number,
    private readonly gamelan: string,
    private readonly env: Record<string, string>,
    version: string,
  ) {
    this.updater = FolderUpdater.create(root, version);
  }

  get configFile(): string {
    return join(this.root, "gamelan.toml");
  }

  get version(): string {
    return Deno.readTextFileSync(join(this.root, "slots", this.updater.loader.running, "version"));
  }

  set setup(change: Partial<BoxSetup>) {
    const file = join(this.root, "box.json");
    // At once: programs of the box read it meanwhile.
    Deno.writeTextFileSync(`${file}.new`, JSON.stringify({ ...readSetup(this.root), ...change }));
    Deno.renameSync(`${file}.new`, file);
  }

  /** Fault: its disk has one slot under two names. */
  async confuseSlots(): Promise<void> {
    const { running } = this.updater.loader;
    await Deno.remove(this.#otherSlot, { recursive: true });
    await Deno.symlink(running, this.#otherSlot);
  }

  async mendSlots(): Promise<void> {
    await Deno.remove(this.#otherSlot, { recursive: true });
    await Deno.mkdir(this.#otherSlot);
  }

  get #otherSlot(): string {
    return join(this.root, "slots", this.updater.loader.running === "a" ? "b" : "a");
  }

  /** Fault: its boot loader starts the slot that runs now, whatever is asked for. */
  set stuck(stuck: boolean) {
    const { loader } = this.updater;
    this.updater.loader = { ...loader, stuck: stuck ? loader.running : undefined };
  }

  /** Fault: it was set up anew, so it shows another host key. */
  async changeHostKey(): Promise<void> {
    const file = join(this.root, "host_key");
    await Deno.remove(file);
    await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file);
    await this.stopSshd();
    await this.startSshd();
  }

  journal(): { event: string; detail?: string; at: string; n: number }[] {
    const text = Deno.readTextFileSync(join(this.root, "data/box/journal.jsonl"));
    return text.trim().split("\n").map((line) => JSON.parse(line));
  }

  async startSshd(): Promise<void> {
    if (this.#sshd !== undefined) return;
    const sshd = this.#sshd = new Deno.Command("/usr/sbin/sshd", {
      args: ["-D", "-e", "-f", join(this.root, "sshd_config")],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    for (let tries = 0;; tries++) {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port: this.port })).close();
        return;
      } catch {
        if (tries > 200) throw new Error(`${this.name}: sshd (pid ${sshd.pid}) does not listen`);
        await pause(20);
      }
    }
  }

  /** Ends sshd and the connections that it serves. */
  async stopSshd(): Promise<void> {
    const sshd = this.#sshd;
    if (sshd === undefined) return;
    this.#sshd = undefined;
    const children = Deno.readTextFileSync(`/proc/${sshd.pid}/task/${sshd.pid}/children`);
    for (const pid of [sshd.pid, ...children.trim().split(" ").filter(Boolean).map(Number)]) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch {
        // Ended meanwhile.
      }
    }
    await sshd.status;
  }

  async powerOff(): Promise<void> {
    await this.stopSshd();
    for (const pid of [this.#atBoot?.pid, -Number(this.#read("return.pid") || 0)]) {
      try {
        if (pid) Deno.kill(pid, "SIGKILL");
      } catch {
        // Ended before.
      }
    }
    await this.#atBoot?.status;
    this.#atBoot = undefined;
  }

  async boot(): Promise<void> {
    await this.powerOff();
    this.updater.boot();
    await pause(BOOT_MS);
    const starting = join(this.root, "starting");
    await Deno.writeTextFile(starting, "");
    if (this.updater.traits().reachable !== false) await this.startSshd();
    this.#atBoot = new Deno.Command(this.gamelan, {
      args: ["box", "return", "--at-boot"],
      env: this.env,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    await pause(START_MS);
    await this.#prove();
    await Deno.remove(starting);
  }

  /** What the agent was asked while the box was starting. */
  get askedTooEarly(): string[] {
    return this.#read("asked-too-early")?.trim().split("\n") ?? [];
  }

  /** What a start does with a system on trial (systemd/system/gamelan-prove.service). */
  async #prove(): Promise<void> {
    const { running, blessed } = this.updater.loader;
    if (blessed[running]) return;
    const failure = await prove(openSimulatedHost(this.root));
    if (failure === undefined) await this.updater.markGood();
    else await this.updater.requestReboot();
  }

  /** Does what the box asked for. */
  async tend(): Promise<void> {
    if (this.#read("restart") !== undefined) {
      const unreachable = houseName(this.configFile) === "unreachable";
      await Deno.remove(join(this.root, "restart"));
      if (unreachable) await this.stopSshd();
      else await this.startSshd();
    }
    if (this.#read("reboot") === undefined) return;
    await pause(DOWN_MS);
    await this.boot();
  }

  #read(name: string): string | undefined {
    try {
      return Deno.readTextFileSync(join(this.root, name));
    } catch {
      return undefined;
    }
  }
}

export class SimulatedFleet implements AsyncDisposable {
  readonly boxes: SimulatedBox[] = [];
  readonly updateKey: KeyObject;
  #closed = false;
  #tending: Promise<void> = Promise.resolve();
  readonly #mounts: string[] = [];

  private constructor(readonly folder: string, private readonly publicPem: string, key: KeyObject) {
    this.updateKey = key;
  }

  /** Starts boxes `box-01`…; the first is tagged canary, the next quarter "early". */
  static async start(count: number, version = "1.0.0"): Promise<SimulatedFleet> {
    const folder = await Deno.makeTempDir({ prefix: "gfleet-" });
    const pair = generateKeyPairSync("ed25519");
    const pem = pair.publicKey.export({ type: "spki", format: "pem" }).toString();
    const fleet = new SimulatedFleet(folder, pem, pair.privateKey);
    try {
      await fleet.#prepare();
      const ports = freePorts(count);
      for (let index = 0; index < count; index++) {
        const name = `box-${String(index + 1).padStart(2, "0")}`;
        fleet.boxes.push(await fleet.#makeBox(name, ports[index], version));
      }
      await Promise.all(fleet.boxes.map((box) => box.startSshd()));
      fleet.writeInventory();
      fleet.#tending = fleet.#tend();
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  get inventory(): string {
    return join(this.folder, "fleet.toml");
  }

  get state(): string {
    return join(this.folder, "state");
  }

  box(number: number): SimulatedBox {
    return this.boxes[number - 1];
  }

  /**
   * @param ports  instead of the boxes' own, such as a relay's
   * @param tag    what further boxes are tagged, by their numbers
   */
  writeInventory(
    ports: Record<string, number> = {},
    tag: (number: number) => string[] = () => [],
  ): void {
    const lines = [
      'waves = ["canary", "early"]',
      `[defaults]\nuser = "${Deno.env.get("USER") ?? "root"}"\nidentity = "operator"`,
      ...this.boxes.map(({ name, port }, index) => {
        const early = index <= this.boxes.length / 4 ? ["early"] : [];
        const tags = [...(index === 0 ? ["canary"] : early), ...tag(index + 1)];
        return [
          `[hosts.${name}]`,
          `address = "127.0.0.1"`,
          `port = ${ports[name] ?? port}`,
          `tags = ${JSON.stringify(tags)}`,
          `variables = { number = ${index + 1} }`,
        ].join("\n");
      }),
    ];
    Deno.writeTextFileSync(this.inventory, lines.join("\n") + "\n");
  }

  /** Who works on this fleet. */
  get operator(): Operator {
    const { folder, inventory, state } = this;
    return new Operator({ folder, inventory, state });
  }

  spawn(...args: string[]): Deno.ChildProcess {
    return this.operator.spawn(...args);
  }

  fleet(...args: string[]): Promise<Said> {
    return this.operator.fleet(...args);
  }

  /** A signed bundle; `bytes` of noise besides. */
  async bundle(
    version: string,
    traits: ImageTraits = {},
    options: { bytes?: number; key?: KeyObject; architecture?: "amd64" | "arm64" } = {},
  ): Promise<string> {
    const folder = await Deno.makeTempDir({ dir: this.folder, prefix: `bundle-${version}-` });
    await Deno.writeTextFile(join(folder, "image.json"), JSON.stringify(traits));
    const noise = new Uint8Array(options.bytes ?? 100_000);
    for (let at = 0; at < noise.length; at += 65536) {
      crypto.getRandomValues(noise.subarray(at, at + 65536));
    }
    await Deno.writeFile(join(folder, "root.raw"), noise);
    await signBundle(folder, {
      product: "gamelan",
      architecture: options.architecture ?? "amd64",
      version,
    }, options.key ?? this.updateKey);
    return folder;
  }

  /** Gives a box's data a file system of so many bytes. Needs root. */
  async shrinkDisk(box: SimulatedBox, bytes: number): Promise<void> {
    const data = join(box.root, "data");
    await Deno.mkdir(data, { recursive: true });
    await run("mount", "-t", "tmpfs", "-o", `size=${bytes}`, "gamelan-test", data);
    this.#mounts.push(data);
  }

  async mendDisk(box: SimulatedBox): Promise<void> {
    const [mount] = this.#mounts.splice(this.#mounts.indexOf(join(box.root, "data")), 1);
    await run("umount", "-l", mount);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#tending;
    await Promise.all(this.boxes.map((box) => box.powerOff()));
    for (const mount of this.#mounts) await run("umount", "-l", mount);
    await Deno.remove(this.folder, { recursive: true });
  }

  async #tend(): Promise<void> {
    const busy = new Set<SimulatedBox>();
    const tasks = new Set<Promise<void>>();
    while (!this.#closed) {
      for (const box of this.boxes) {
        if (busy.has(box)) continue;
        busy.add(box);
        const task = box.tend().finally(() => (busy.delete(box), tasks.delete(task)));
        tasks.add(task);
      }
      await pause(WATCH_MS);
    }
    await Promise.all(tasks);
  }

  async #prepare(): Promise<void> {
    // sshd run by root insists on this folder.
    if (Deno.uid() === 0) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
    await Deno.mkdir(join(this.folder, "bin"));
    await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(this.folder, "operator"));
    await esbuild.build({
      absWorkingDir: repository,
      entryPoints: ["tests/fleet/simulated_agent.ts"],
      outfile: join(this.folder, "bin/agent.js"),
      bundle: true,
      format: "esm",
      platform: "node",
      target: "esnext",
      minify: true,
      logLevel: "warning",
    });
    await esbuild.stop();
    const words = [Deno.execPath(), "run", "-A", "--no-config", "--no-lock"];
    const script = `#!/bin/sh
if [ -e "$GAMELAN_BOX_ROOT/starting" ]; then echo "$*" >>"$GAMELAN_BOX_ROOT/asked-too-early"; fi
exec ${words.join(" ")} ${this.folder}/bin/agent.js "$@"
`;
    await Deno.writeTextFile(join(this.folder, "bin/gamelan"), script, { mode: 0o755 });
    // The double of systemctl(1), as far as operators use it.
    const systemctl = `#!/bin/sh
[ "$*" = "is-system-running --wait" ] || exit 1
while [ -e "$GAMELAN_BOX_ROOT/starting" ]; do sleep 0.05; done
echo running
`;
    await Deno.writeTextFile(join(this.folder, "bin/systemctl"), systemctl, { mode: 0o755 });
  }

  async #makeBox(name: string, port: number, version: string): Promise<SimulatedBox> {
    const root = join(this.folder, name);
    await Deno.mkdir(root);
    await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", join(root, "host_key"));
    await Deno.copyFile(join(this.folder, "operator.pub"), join(root, "authorized_keys"));
    const env = {
      HOME: root,
      PATH: `${this.folder}/bin:/usr/bin:/bin`,
      GAMELAN_BOX_ROOT: root,
      DENO_DIR: join(this.folder, "deno"),
    };
    const pairs = Object.entries(env).map(([key, value]) => `${key}=${value}`).join(" ");
    await Deno.writeTextFile(
      join(root, "sshd_config"),
      [
        `Port ${port}`,
        "ListenAddress 127.0.0.1",
        `HostKey ${root}/host_key`,
        `AuthorizedKeysFile ${root}/authorized_keys`,
        "PidFile none",
        "PasswordAuthentication no",
        "PermitRootLogin prohibit-password",
        "StrictModes no",
        "UsePAM no",
        "PrintMotd no",
        `SetEnv ${pairs}`,
        "",
      ].join("\n"),
    );
    const setup: BoxSetup = { name, key: this.publicPem, main };
    await Deno.writeTextFile(join(root, "box.json"), JSON.stringify(setup));
    return new SimulatedBox(name, root, port, join(this.folder, "bin/gamelan"), env, version);
  }
}
