/**
 * `gamelan update` on an appliance that is played (appliance.ts): the real command, on slots that are
 * folders, and with waits that are shorter. Arguments: the appliance's folder, then the
 * command's own.
 */
import { join } from "node:path";
import { openBoxHost } from "../../src/cli/box_host.ts";
import { run } from "../../src/cli/update.ts";
import type { BoxHost } from "../../src/fleet/box/host.ts";
import { WARNING_SECONDS } from "../../src/fleet/box/players.ts";
import { openSimulatedHost } from "../fleet/simulated_host.ts";

const SHORTER = 6;

/** The machine of a played appliance. */
export function openPlayedHost(root: string): BoxHost {
  const host = openSimulatedHost(root);
  const updater = host.updater!;
  const write = updater.install.bind(updater);
  updater.install = async (bundle) => {
    await write(bundle);
    // Real slots take minutes.
    while (await exists(join(root, "slow"))) await wait(50);
  };
  const { dataDir, configFile } = host;
  return {
    ...host,
    // Who plays is no double's business.
    health: openBoxHost({ dataDir, config: configFile }).health,
    armReturn: () => Promise.resolve(),
    disarmReturn: () => Promise.resolve(),
    sleep: async (seconds) => {
      if (seconds !== WARNING_SECONDS) return await wait(seconds * 1000 / SHORTER);
      // However long a busy machine needs to show it.
      while (!await exists(join(root, "warned"))) await wait(50);
    },
  };
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

function wait(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

if (import.meta.main) {
  const [root, ...args] = Deno.args;
  try {
    Deno.exit(await run(args, () => openPlayedHost(root)));
  } catch (error) {
    // As src/cli/main.ts says it.
    console.error(`gamelan update: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
