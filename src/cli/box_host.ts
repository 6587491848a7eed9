import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigError, defaultConfigFile, defaultDataDir, loadConfig } from "../config/config.ts";
import { BoxRefused } from "../fleet/box/refused.ts";
import type { BoxHost } from "../fleet/box/host.ts";
import type { Health } from "../fleet/box/protocol.ts";
import { GameLibrary } from "../games/library.ts";
import { hostArchitecture } from "../games/manifest.ts";
import { makeRunRoot } from "../node/run_root.ts";
import { publicKey } from "../system/ed25519.ts";
import { osRelease } from "../system/os_release.ts";
import { selfCommand } from "../system/self.ts";
import { listenedAt } from "../system/unix_sockets.ts";
import { boxSelfTest } from "./box_self_test.ts";
import { openSystemSlots } from "./system_slots.ts";
import { version } from "./version.ts";

/** The house's service, and the timer that undoes a change. */
const SERVICE = "gamelan.service";
const RETURN_UNIT = "gamelan-box-return-timer";
/** ed25519 public keys (PEM) that may sign updates; part of the image. */
const IMAGE_KEYS = "/usr/lib/gamelan/update-keys";
/** The appliance's keys for SSH: its root has no home that stays (image/mkosi.extra/etc/ssh). */
const BOX_KEYS = "/var/lib/box/authorized_keys";
const MEASURE_TRIES = 3;
const MEASURED = {
  mode: { width: 1280, height: 720, fps: 60 },
  bitrate: 12_000_000,
  pictures: 60,
};

/**
 * This machine, run by systemd. A machine without slots for system images takes games and
 * configuration only.
 */
export function openBoxHost(options: { dataDir?: string; config?: string }): BoxHost {
  const configFile = linkTarget(
    options.config ?? (Deno.env.get("GAMELAN_CONFIG") || defaultConfigFile(Deno.env.toObject())),
  );
  const dataDir = resolve(options.dataDir ?? configuredDataDir(configFile));
  const same = ["--data-dir", dataDir, "--config", configFile];
  const release = osRelease();
  const library = new GameLibrary({ dataDir });
  const updater = openSystemSlots(release);
  return {
    name: hostname(),
    product: release.get("IMAGE_ID") ?? "gamelan",
    architecture: hostArchitecture(),
    version,
    dataDir,
    configFile,
    authorizedKeysFile: updater === undefined
      ? join(Deno.env.get("HOME") ?? "/root", ".ssh/authorized_keys")
      : BOX_KEYS,
    updater,
    imageKeys,
    now: () => new Date(),
    health: (measure) => health(dataDir, measure),
    armReturn: async (id, seconds) => {
      await systemd("systemctl", "stop", `${RETURN_UNIT}.timer`).catch(() => {});
      await systemd(
        "systemd-run",
        "--quiet",
        "--collect",
        `--unit=${RETURN_UNIT}`,
        `--on-active=${seconds}`,
        "--timer-property=AccuracySec=1s",
        ...selfCommand("box", "return", id, ...same),
      );
    },
    disarmReturn: async () => {
      await systemd("systemctl", "stop", `${RETURN_UNIT}.timer`).catch(() => {});
    },
    restartService: async () => {
      // A service that fails to start is found by the health that the operator asks for.
      await systemd("systemctl", "restart", SERVICE).catch((error) => console.error(error.message));
    },
    importGame: async (file) => {
      // A box that nobody has configured has no such file, and to name one that is not there is an error.
      const settings = there(configFile) ? same : ["--data-dir", dataDir];
      const [program, ...args] = selfCommand("games", "import", file, "--json", ...settings);
      return JSON.parse(await output(program, args)).id;
    },
    gameSha256: (id) => library.find(id).then(({ index }) => index.sha256, () => undefined),
    logs: (lines) =>
      output("journalctl", ["--unit", SERVICE, "--lines", String(lines), "--no-pager"]),
    selfTest: () => boxSelfTest(),
    sleep: (seconds) => new Promise((done) => setTimeout(done, seconds * 1000)),
  };
}

/** The appliance's configuration file is a link to its data partition, and is replaced there. */
function linkTarget(path: string): string {
  try {
    return resolve(dirname(path), Deno.readLinkSync(path));
  } catch {
    return path;
  }
}

/** A configuration that is wrong must not keep anybody from undoing it. */
function configuredDataDir(file: string): string {
  const env = Deno.env.toObject();
  try {
    return loadConfig({ file: undefined, env: { ...env, GAMELAN_CONFIG: there(file) }, flags: {} })
      .data_dir;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(`The configuration is wrong; going on with the default data directory`);
    return defaultDataDir(env);
  }
}

function there(file: string): string | undefined {
  try {
    Deno.statSync(file);
    return file;
  } catch {
    return undefined;
  }
}

async function imageKeys() {
  const keys = [];
  try {
    for await (const { name } of Deno.readDir(IMAGE_KEYS)) {
      const path = join(IMAGE_KEYS, name);
      if (name.endsWith(".pub")) keys.push(publicKey(await Deno.readTextFile(path), path));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return keys;
}

async function health(dataDir: string, measure: boolean): Promise<Health> {
  const unit = await unitState();
  return {
    ...unit,
    sessions: await runningSessions(dataDir),
    latencyMs: measure ? await latency() : undefined,
  };
}

async function unitState(): Promise<Pick<Health, "service" | "crashes">> {
  const properties = ["LoadState", "ActiveState", "NRestarts"];
  const text = await output("systemctl", ["show", SERVICE, `--property=${properties}`])
    .catch(() => "");
  const of = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1];
  if (of("LoadState") !== "loaded") return { service: "unknown", crashes: 0 };
  const states: Record<string, Health["service"]> = {
    active: "running",
    activating: "starting",
    reloading: "running",
    failed: "failed",
  };
  return {
    service: states[of("ActiveState") ?? ""] ?? "stopped",
    crashes: Number(of("NRestarts") ?? 0),
  };
}

/** Sessions that listen on their control sockets; one that was killed leaves the file only. */
async function runningSessions(dataDir: string): Promise<number> {
  const root = makeRunRoot(dataDir);
  const listened = listenedAt(await Deno.readTextFile("/proc/net/unix"));
  return [...Deno.readDirSync(root)]
    .filter(({ name }) => listened.has(join(root, name, "control.sock"))).length;
}

async function latency(): Promise<Health["latencyMs"]> {
  const { packetLatency } = await import("./bench/machine.ts");
  // A machine that has just started may be busy for a moment, and an update is undone for want of it.
  for (let tries = 1; tries <= MEASURE_TRIES; tries++) {
    try {
      return await packetLatency(MEASURED);
    } catch (error) {
      console.error(`The latency could not be measured: ${(error as Error).message}`);
    }
  }
  return undefined;
}

async function systemd(program: string, ...args: string[]): Promise<void> {
  try {
    await output(program, args);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new BoxRefused(
      "unsupported",
      `This machine has no ${program}: without systemd a change could not be undone by itself`,
    );
  }
}

/** @throws with what the program said, where it fails */
async function output(program: string, args: string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (code === 0) return text(stdout);
  throw new Error(`${program} ${args[0]}: ${text(stderr).trim().split("\n").at(-1)}`);
}
