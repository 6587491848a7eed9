/** `gamelan node` as users run it, for a coordinator on loopback. */
import { emptyConfig, gamelan } from "./house.ts";

export interface RunningNode extends AsyncDisposable {
  log(): string;
  /** Stops the process by a signal; SIGINT ends its games too. */
  stop(signal?: Deno.Signal): Promise<void>;
}

export async function startNode(
  options: { coordinator: string; token: string; dataDir: string },
): Promise<RunningNode> {
  const [command, ...args] = gamelan([
    "node",
    "--node-coordinator",
    options.coordinator,
    "--node-token",
    options.token,
    "--data-dir",
    options.dataDir,
    "--ice-addresses",
    "127.0.0.1",
  ]);
  const child = new Deno.Command(command, {
    args,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    env: {
      GAMELAN_CONFIG: await emptyConfig(options.dataDir),
      GAMELAN_TEST_HOUSE: options.dataDir,
    },
  }).spawn();
  let log = "";
  const logging = (async () => {
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream())) log += chunk;
  })();
  let stopped: Promise<void> | undefined;
  const stop = (signal: Deno.Signal = "SIGINT") =>
    stopped ??= (async () => {
      child.kill(signal);
      await child.status;
      await logging;
    })();
  return { log: () => log, stop, [Symbol.asyncDispose]: () => stop() };
}
