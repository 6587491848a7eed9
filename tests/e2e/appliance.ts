/**
 * An appliance that is played on this machine. Real are the house, its page, who plays, and `gamelan
 * update` with all it does, each in a process of its own. Test doubles are its two slots, and systemd:
 * systemd-run(1) and systemctl(1) are scripts.
 */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Box } from "../../src/fleet/box/box.ts";
import type { BoxHost } from "../../src/fleet/box/host.ts";
import { BoxStatus } from "../../src/fleet/box/protocol.ts";
import { prove } from "../../src/fleet/box/prove.ts";
import { packBundle } from "../../src/update/archive.ts";
import { signBundle } from "../../src/update/sign.ts";
import { FolderUpdater, type ImageTraits } from "../fleet/folder_updater.ts";
import { freePort } from "../tools/free_ports.ts";
import { until } from "./browser.ts";
import { type House, startHouse } from "./house.ts";
import { openPlayedHost } from "./update_command.ts";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
const command = fileURLToPath(new URL("./update_command.ts", import.meta.url));

export class PlayedAppliance implements AsyncDisposable {
  house!: House;
  readonly dataDir: string;
  readonly slots: FolderUpdater;
  readonly host: BoxHost;
  readonly #port = freePort();
  readonly #key: KeyObject;

  private constructor(readonly root: string) {
    this.dataDir = join(root, "data");
    this.slots = FolderUpdater.create(root, "1.0.0");
    const { privateKey, publicKey } = generateKeyPairSync("ed25519") as unknown as Record<
      "privateKey" | "publicKey",
      KeyObject
    >;
    this.#key = privateKey;
    const key = publicKey.export({ type: "spki", format: "pem" });
    Deno.writeTextFileSync(join(root, "box.json"), JSON.stringify({ name: "box", key, main }));
    Deno.writeTextFileSync(join(root, "gamelan.toml"), "");
    Deno.writeTextFileSync(join(root, "screen"), "");
    Deno.mkdirSync(this.dataDir);
    this.#writeSystemd();
    this.host = openPlayedHost(root);
  }

  static async start(): Promise<PlayedAppliance> {
    const box = new PlayedAppliance(await Deno.makeTempDir({ prefix: "gamelan-box-" }));
    await box.startHouse();
    return box;
  }

  /** Starts the house of the system that runs; also again, after it was stopped. */
  async startHouse(): Promise<void> {
    this.house = await startHouse({
      dataDir: this.dataDir,
      port: this.#port,
      args: ["--screen", join(this.root, "screen")],
      env: { PATH: this.#path },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endUnit();
    await this.house[Symbol.asyncDispose]();
    await Deno.remove(this.root, { recursive: true });
  }

  /** A signed update, as a file. */
  async update(version: string, traits: ImageTraits = {}): Promise<string> {
    const folder = join(this.root, `bundle-${version}`);
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "image.json"), JSON.stringify(traits));
    await Deno.writeTextFile(join(folder, "root.raw"), version.repeat(1000));
    const description = { product: "gamelan", architecture: "amd64" as const, version };
    await signBundle(folder, description, this.#key);
    const file = join(this.root, `${version}.gamelan-update`);
    await packBundle(folder, file);
    return file;
  }

  /** `gamelan update` as somebody runs it who is signed in by SSH. @throws where it fails */
  async run(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", command, this.root, ...args],
      env: { PATH: this.#path },
    }).output();
    const text = new TextDecoder();
    if (!success) throw new Error(text.decode(stderr));
    return text.decode(stdout);
  }

  async status(): Promise<BoxStatus> {
    return BoxStatus.parse(JSON.parse(await this.run("--status", "--json")));
  }

  /** What {@linkcode PlayedAppliance.update} installs takes until the result is called. */
  installSlowly(): () => void {
    const file = join(this.root, "slow");
    Deno.writeTextFileSync(file, "");
    return () => Deno.removeSync(file);
  }

  /** Time for players to save is over. */
  endWarning(): void {
    Deno.writeTextFileSync(join(this.root, "warned"), "");
  }

  isRestarting(): boolean {
    return exists(join(this.root, "reboot"));
  }

  /** What systemd-run was asked to run, a line each. */
  asked(): string[] {
    return Deno.readTextFileSync(join(this.root, "asked")).trim().split("\n");
  }

  /** What the start of the machine does once it is asked for; the boot loader blesses what proves itself. */
  async boot(): Promise<void> {
    await until("the restart", () => this.isRestarting(), 60_000);
    this.slots.boot();
    await this.decide();
  }

  /** The boot loader's tries are used up: it starts the system before. */
  async bootBefore(): Promise<void> {
    const { running } = this.slots.loader;
    const before = running === "a" ? "b" as const : "a" as const;
    this.slots.loader = { ...this.slots.loader, running: before, next: before };
    await this.decide();
  }

  async decide(): Promise<void> {
    await new Box(this.host).returnAtBoot();
    await prove(this.host);
  }

  /** Whether gamelan-update.service runs. */
  unitRuns(): boolean {
    try {
      // One that was killed stays there without, until somebody has heard of it; or it is another's by now.
      return Deno.readTextFileSync(`/proc/${this.#unit()}/cmdline`).includes(this.root);
    } catch {
      return false;
    }
  }

  /** Whether gamelan-update.service has said this since its last start. */
  unitSaid(text: string): boolean {
    const log = join(this.root, "unit.log");
    return exists(log) && Deno.readTextFileSync(log).includes(text);
  }

  /** Ends gamelan-update.service. */
  async endUnit(): Promise<void> {
    if (this.unitRuns()) Deno.kill(this.#unit()!, "SIGKILL");
    await until("the unit's end", () => !this.unitRuns());
    await Deno.remove(join(this.root, "unit.log")).catch(() => {});
  }

  #unit(): number | undefined {
    const file = join(this.root, "unit.pid");
    return exists(file) ? Number(Deno.readTextFileSync(file)) : undefined;
  }

  /** Starts gamelan-update.service, as each start of the machine does. */
  async startUnit(): Promise<void> {
    const unit = ["--no-block", "start", "gamelan-update.service"];
    await new Deno.Command(join(this.root, "bin/systemctl"), { args: unit }).output();
  }

  get #path(): string {
    return `${join(this.root, "bin")}:${Deno.env.get("PATH")}`;
  }

  /**
   * systemd-run starts a command in an environment that is not its caller's. What the image finds at its
   * usual places is named here.
   */
  #writeSystemd(): void {
    const bin = join(this.root, "bin");
    Deno.mkdirSync(bin);
    const script = (name: string, text: string) =>
      Deno.writeTextFileSync(join(bin, name), `#!/bin/sh\nset -eu\n${text}`, { mode: 0o755 });
    const gamelanUpdate = `'${Deno.execPath()}' run -A --no-check '${command}' '${this.root}'`;
    script(
      "systemd-run",
      `while [ "$1" != -- ]; do
  case "$1" in
    --quiet | --collect | --pipe | --wait | --setenv=DENO_DIR) shift ;;
    *) echo "systemd-run: unrecognized option '$1'" >&2; exit 1 ;;
  esac
done
shift
echo "$*" >>'${this.root}/asked'
# The packaging's own words before the command are another test's.
while [ "$1" != update ]; do shift; done
shift
exec env -i HOME="$HOME" PATH="$PATH" \${DENO_DIR:+DENO_DIR="$DENO_DIR"} ${gamelanUpdate} "$@"
`,
    );
    script(
      "systemctl",
      `[ "$*" = "--no-block start gamelan-update.service" ] || exit 1
unit=$(cat '${this.root}/unit.pid' 2>/dev/null || echo none)
if grep -qs '${this.root}' "/proc/$unit/cmdline"; then exit 0; fi
[ -e '${this.dataDir}/box/update.json' ] || exit 0
setsid ${gamelanUpdate} --run </dev/null >'${this.root}/unit.log' 2>&1 &
echo $! >'${this.root}/unit.pid'
`,
    );
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
