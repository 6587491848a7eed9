import { startCoordinator } from "../coordinator/coordinator.ts";
import { GameLibrary } from "../games/library.ts";
import { NodeAgent } from "../node/agent.ts";
import { lockDataDir } from "../system/data_lock.ts";
import { createLinkPair } from "../system/link.ts";
import { logger } from "../system/log.ts";
import type { Config } from "../config/config.ts";
import { Appliance } from "./appliance.ts";
import { capabilitiesByDoctor } from "./capabilities.ts";
import { ExitCode } from "./exit_codes.ts";
import { printReady, printReadyJson } from "./ready.ts";
import { reportToServiceManager } from "./service_manager.ts";
import { readSettings, settingsHelp } from "./settings.ts";
import { stopSignal } from "./stop_signal.ts";
import { uiAssets } from "./ui_assets.ts";
import { version } from "./version.ts";

const log = logger("serve");

const help = `Usage: gamelan serve [OPTIONS]

Runs the house: web page, coordinator, and this machine as a streaming node.

${settingsHelp}
  --desktop DISPLAY   offer a running X11 desktop too, such as :0
  --screen DEVICE     this machine is nothing but a house: be known by its mDNS name, and show how
                      to reach it on a terminal, such as /dev/tty1
  --json              print one line {"url", "claimCode", "pid"} when ready

SIGINT (Ctrl-C) stops the games too. SIGTERM leaves them running for the next start, which
takes them over.

Examples:
  gamelan serve
  gamelan serve --port 80 --https-port 443 --data-dir /srv/gamelan
  gamelan serve --desktop :0`;

/** `gamelan serve` */
export async function run(args: string[]): Promise<number> {
  const { config, flags } = readSettings(args, {
    desktop: { type: "string" },
    screen: { type: "string" },
  });
  if (flags.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const desktops = typeof flags.desktop === "string" ? [flags.desktop] : [];
  const screen = typeof flags.screen === "string" ? flags.screen : undefined;
  return await serve(config, { json: flags.json === true, desktops, screen });
}

export interface ServeOptions {
  json: boolean;
  /** X11 displays to offer. */
  desktops: string[];
  /** The terminal of a machine that is nothing but a house. */
  screen?: string;
}

/** Runs coordinator and node in this process until a signal comes. */
export async function serve(config: Config, options: ServeOptions): Promise<number> {
  const stop = stopSignal();
  const firstStart = await prepareDataDir(config.data_dir);
  using _node = lockDataDir(config.data_dir, "node");
  const appliance = options.screen ? await Appliance.open(config, options.screen) : undefined;
  const library = new GameLibrary({
    dataDir: config.data_dir,
    trustedKeys: config.library.trusted_keys,
  });
  const coordinator = await startCoordinator({
    config,
    ui: await uiAssets(),
    version,
    artwork: async (gameId) => {
      const picture = await library.artwork(gameId);
      return picture && { body: picture.bytes, type: picture.type };
    },
  });
  const agent = new NodeAgent({
    config,
    version,
    capabilities: capabilitiesByDoctor,
    desktops: options.desktops,
  });
  await agent.start();
  const [coordinatorEnd, nodeEnd] = createLinkPair();
  coordinator.attachNode(coordinatorEnd);
  agent.attach(nodeEnd);
  const ready = { url: coordinator.url, claimCode: coordinator.claimCode, pid: Deno.pid };
  if (options.json) printReadyJson(ready);
  else if (!appliance) await printReady(ready, coordinator);
  appliance?.show(coordinator);
  const stopping = await reportToServiceManager({
    url: coordinator.url,
    status: () => `Serving at ${coordinator.lanUrl ?? coordinator.url}`,
  });
  if (firstStart && config.library.first_import) agent.import(config.library.first_import);
  const signal = await stop;
  log.info("stopping", { signal });
  appliance?.close();
  stopping();
  await agent.close({ endSessions: signal === "SIGINT" });
  await coordinator.close();
  return ExitCode.ok;
}

/** Makes the data directory. True on the first start of this house. */
async function prepareDataDir(dataDir: string): Promise<boolean> {
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o755 });
  try {
    await Deno.writeTextFile(`${dataDir}/version`, version + "\n", { createNew: true });
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    await Deno.writeTextFile(`${dataDir}/version`, version + "\n");
    return false;
  }
}
