/** A house of its own for each test: `gamelan serve` as users run it, on loopback, on a fresh data directory. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How to start Gamelan: the source tree, or the executable named by GAMELAN_TEST_EXECUTABLE. */
export function gamelan(args: string[]): string[] {
  const executable = Deno.env.get("GAMELAN_TEST_EXECUTABLE");
  if (executable) return [executable, ...args];
  return [Deno.execPath(), "run", "-A", "--no-prompt", join(root, "main.ts"), ...args];
}

/**
 * A command line that runs `command` in a network namespace of its own: a home network that leads
 * nowhere, without name servers. Debian packages iproute2 and util-linux.
 */
export function offline(command: string[]): string[] {
  const script = [
    "ip link set lo up",
    "ip link add lan0 type veth peer name lan1",
    "ip address add 192.168.77.2/24 dev lan0",
    "ip link set lan0 up",
    "ip link set lan1 up",
    'exec "$@"',
  ].join(" && ");
  return ["unshare", "--net", "sh", "-c", script, "sh", ...command];
}

export interface House {
  url: string;
  claimCode: string;
  pid: number;
  dataDir: string;
  /** Everything it wrote to standard error so far. */
  log(): string;
  /** Stops the process by a signal and waits for it; the data directory stays. */
  stop(signal?: Deno.Signal): Promise<Deno.CommandStatus>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface HouseOptions {
  /** Reused after a stop, to test restarts. */
  dataDir?: string;
  args?: string[];
  env?: Record<string, string>;
  /** A port to come back to after a restart; any free one otherwise. */
  port?: number;
  /** `coordinator` has no node; `session` streams one desktop. */
  command?: "serve" | "coordinator" | "session";
  /** Offered to browsers; default 127.0.0.1. None: those that the house finds. */
  iceAddresses?: string[];
  /** Without a network, see {@linkcode offline}. */
  offline?: boolean;
}

/** Starts a house and waits until it is ready. Its sessions end with it when it is disposed. */
export async function startHouse(options: HouseOptions = {}): Promise<House> {
  const dataDir = options.dataDir ?? await Deno.makeTempDir({ prefix: "gamelan-house-" });
  const { iceAddresses = ["127.0.0.1"] } = options;
  const own = gamelan([
    options.command ?? "serve",
    "--json",
    "--port",
    String(options.port ?? 0),
    "--https-port",
    "0",
    "--http-host",
    "127.0.0.1",
    "--data-dir",
    dataDir,
    "--library-first-import",
    "",
    ...iceAddresses.flatMap((address) => ["--ice-addresses", address]),
    ...options.args ?? [],
  ]);
  const [command, ...args] = options.offline ? offline(own) : own;
  const child = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: {
      GAMELAN_CONFIG: await emptyConfig(dataDir),
      // Found in the environment of everything that the house starts; see leftovers.ts.
      GAMELAN_TEST_HOUSE: dataDir,
      ...options.env,
    },
  }).spawn();
  let log = "";
  const logging = (async () => {
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) log += chunk;
  })();
  const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await stdout.read();
    if (done) {
      await logging;
      throw new Error(`gamelan serve ended before it was ready:\n${log}`);
    }
    text += value;
  }
  const drained = (async () => {
    while (!(await stdout.read()).done);
  })();
  const ready = JSON.parse(text.split("\n")[0]);
  let stopped: Promise<Deno.CommandStatus> | undefined;
  const stop = (signal: Deno.Signal = "SIGINT") =>
    stopped ??= (async () => {
      child.kill(signal);
      const status = await child.status;
      await Promise.all([logging, drained]);
      return status;
    })();
  return {
    url: ready.url,
    claimCode: ready.claimCode,
    pid: ready.pid,
    dataDir,
    log: () => log,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      if (!options.dataDir) await Deno.remove(dataDir, { recursive: true });
    },
  };
}

/** An empty configuration file: that of the machine does not reach the test. */
export async function emptyConfig(dataDir: string): Promise<string> {
  const path = join(dataDir, "gamelan.toml");
  await Deno.writeTextFile(path, "");
  return path;
}
