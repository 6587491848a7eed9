/**
 * Test double of the machine around `gamelan box`: no systemd, but plain processes and files below
 * `root`. What is done to it is described in `box.json`.
 */
import { join } from "node:path";
import { parse } from "smol-toml";
import type { BoxHost } from "../../src/fleet/box/host.ts";
import { publicKey } from "../../src/system/ed25519.ts";
import { FolderUpdater } from "./folder_updater.ts";

export interface BoxSetup {
  name: string;
  /** The update key that its image brings, PEM. */
  key: string;
  /** Runs this program's main.ts, for imports of games. */
  main: string;
  /** So many games are being played. */
  sessions?: number;
  /** Each of its programs starts with the clock here, as on a machine without a battery. */
  clock?: string;
  /** A second in which it waits lasts so long, in ms. */
  secondMs?: number;
}

/** What `box.json` says now. */
export function readSetup(root: string): BoxSetup {
  return JSON.parse(Deno.readTextFileSync(join(root, "box.json")));
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export function openSimulatedHost(root: string): BoxHost {
  const setup = readSetup(root);
  const updater = new FolderUpdater(root);
  const dataDir = join(root, "data");
  const configFile = join(root, "gamelan.toml");
  const returnPid = join(root, "return.pid");
  const kill = () => {
    try {
      Deno.kill(-Number(Deno.readTextFileSync(returnPid)), "SIGKILL");
    } catch {
      // There was none, or it has ended.
    }
  };
  return {
    name: setup.name,
    product: "gamelan",
    architecture: "amd64",
    version: "1.0.0",
    dataDir,
    configFile,
    authorizedKeysFile: join(root, "authorized_keys"),
    updater,
    imageKeys: () => Promise.resolve([publicKey(setup.key, "the image's key")]),
    now: () => new Date(),
    health: (measure) => {
      const { latencyMs = 5, crashes = 0 } = updater.traits();
      const house = houseName(configFile);
      const slow = house === "slow" ? 10 : 1;
      return Promise.resolve({
        service: house === "failing" ? "failed" : "running",
        crashes,
        // Somebody may begin or end while a program of the box runs.
        sessions: readSetup(root).sessions ?? 0,
        latencyMs: measure ? { p50: latencyMs * slow, p90: latencyMs * slow * 1.2 } : undefined,
      });
    },
    armReturn: (id, seconds) => {
      kill();
      const child = new Deno.Command("setsid", {
        args: ["sh", "-c", `sleep ${seconds}; exec gamelan box return ${id}`],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      child.unref();
      Deno.writeTextFileSync(returnPid, String(child.pid));
      return Promise.resolve();
    },
    disarmReturn: () => Promise.resolve(kill()),
    restartService: async () => {
      const marker = join(root, "restart");
      Deno.writeTextFileSync(marker, houseName(configFile));
      const there = () => Deno.stat(marker).then(() => true, () => false);
      while (await there()) await new Promise((done) => setTimeout(done, 20));
    },
    importGame: async (file) => {
      const args = ["run", "-A", "--no-check", setup.main, "games", "import", file, "--json"];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...args, "--data-dir", dataDir],
      }).output();
      if (code !== 0) throw new Error(decode(stderr).trim().split("\n").at(-1));
      return JSON.parse(decode(stdout)).id;
    },
    gameSha256: async (id) => {
      const text = await Deno.readTextFile(join(dataDir, "games", `${id}.json`)).catch(() => "{}");
      return JSON.parse(text).sha256;
    },
    logs: (lines) => Promise.resolve(`the last ${lines} lines of ${setup.name}\n`),
    selfTest: () => Promise.resolve(updater.traits().selfTest),
    sleep: (seconds) =>
      new Promise((done) => setTimeout(done, seconds * (readSetup(root).secondMs ?? 1000))),
  };
}

/** The house's name in the configuration says how the simulated service behaves. */
export function houseName(configFile: string): string {
  let text = "";
  try {
    text = Deno.readTextFileSync(configFile);
  } catch {
    return "";
  }
  const { house } = parse(text) as { house?: { name?: string } };
  return house?.name ?? "";
}
