import { startCoordinator } from "../coordinator/coordinator.ts";
import { GameLibrary } from "../games/library.ts";
import { NodeAgent } from "../node/agent.ts";
import { lockDataDir } from "../system/data_lock.ts";
import { logger } from "../system/log.ts";
import type { Config } from "../config/config.ts";
import { ApplianceMachine } from "../appliance/appliance_machine.ts";
import { HouseBackups } from "../backup/house_backups.ts";
import { loadConfig } from "../config/config.ts";
import { Appliance } from "./appliance.ts";
import { configFile } from "./backup.ts";
import { capabilitiesByDoctor } from "./capabilities.ts";
import { ExitCode } from "./exit_codes.ts";
import { FirstImport } from "./first_import.ts";
import { HouseUpdates } from "./house_updates.ts";
import { joinOwnNode } from "./own_node.ts";
import { printReady, printReadyJson } from "./ready.ts";
import { type HouseRestore, restoreHouse, RestoreRequest } from "./restore_house.ts";
import { reportToServiceManager, whileAway } from "./service_manager.ts";
import { readSettings, settingsHelp } from "./settings.ts";
import { stopSignal } from "./stop_signal.ts";
import { uiAssets } from "./ui_assets.ts";
import { warnOfUpdates } from "./update_warning.ts";
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
  const settings = () =>
    readSettings(args, { desktop: { type: "string" }, screen: { type: "string" } });
  const { config, flags } = settings();
  if (flags.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const desktops = typeof flags.desktop === "string" ? [flags.desktop] : [];
  const screen = typeof flags.screen === "string" ? flags.screen : undefined;
  const named = typeof flags.config === "string" ? flags.config : undefined;
  return await serve(config, {
    json: flags.json === true,
    desktops,
    screen,
    configFile: configFile(named),
    // The configuration may have come with the backup.
    reload: () => settings().config,
  });
}

export interface ServeOptions {
  json: boolean;
  /** X11 displays to offer. */
  desktops: string[];
  /** The terminal of a machine that is nothing but a house. */
  screen?: string;
  /** Part of a backup; absent: that of this user. */
  configFile?: string;
  /** The configuration after a backup was restored; absent: the same. */
  reload?: () => Config;
}

/** Runs coordinator and node in this process until a signal comes. */
export async function serve(config: Config, options: ServeOptions): Promise<number> {
  const stop = stopSignal();
  let failure: string | undefined;
  for (;;) {
    const restore = await serveOnce(config, options, stop, failure);
    if (!restore) return ExitCode.ok;
    failure = await whileAway(restoreHouse(config.data_dir, restore));
    config = options.reload?.() ?? config;
  }
}

/** Returns the backup to come back with, or undefined where it is to stop. */
async function serveOnce(
  config: Config,
  options: ServeOptions,
  stop: ReturnType<typeof stopSignal>,
  failure: string | undefined,
): Promise<HouseRestore | undefined> {
  const firstStart = await prepareDataDir(config.data_dir);
  const firstImport = new FirstImport(config.data_dir);
  if (firstStart) await firstImport.remember();
  using _node = lockDataDir(config.data_dir, "node");
  const appliance = options.screen ? Appliance.open(config, options.screen) : undefined;
  const library = new GameLibrary({
    dataDir: config.data_dir,
    trustedKeys: config.library.trusted_keys,
  });
  const machine = appliance && new ApplianceMachine();
  const restarting = new RestoreRequest(options.configFile ?? configFile(undefined));
  const backups = new HouseBackups({
    dataDir: config.data_dir,
    configFile: restarting.configFile,
    version,
    failure,
    checkConfig: (file) => void loadConfig({ file, env: Deno.env.toObject(), flags: {} }),
    restart: (file, parts) => restarting.ask(agent, file, parts),
  });
  const agent = new NodeAgent({
    config,
    version,
    capabilities: capabilitiesByDoctor,
    desktops: options.desktops,
  });
  // Beside the rest of the start: both take as long.
  agent.prepare();
  const starting = async () => {
    const coordinator = await startCoordinator({
      config,
      appliance: machine,
      // After a change of the address the page is asked for there within a minute.
      certificateCheckMs: machine && 10_000,
      backups,
      system: machine && new HouseUpdates(config.data_dir),
      ui: await uiAssets(),
      version,
      artwork: async (gameId) => {
        const picture = await library.artwork(gameId);
        return picture && { body: picture.bytes, type: picture.type };
      },
    });
    await agent.start();
    return coordinator;
  };
  const coordinator = await starting().catch(async (error) => {
    // The program that it prepares would outlive this one by seconds.
    await agent.close({ endSessions: false });
    throw error;
  });
  const leave = joinOwnNode(coordinator, agent);
  const ready = { url: coordinator.url, claimCode: coordinator.claimCode, pid: Deno.pid };
  if (options.json) printReadyJson(ready);
  else if (!appliance) await printReady(ready, coordinator);
  appliance?.show(coordinator);
  const endWarnings = machine && warnOfUpdates(config.data_dir, (text) => agent.warn(text));
  const stopping = await reportToServiceManager({
    url: coordinator.url,
    status: () => `Serving at ${coordinator.lanUrl ?? coordinator.url}`,
  });
  machine?.settle().catch((error) => log.error("the network is not as it was kept", { error }));
  const first = config.library.first_import;
  if (first && await firstImport.waits((await library.list()).length)) void agent.import(first);
  const why = await Promise.race([stop, restarting.asked]);
  const restore = typeof why === "string" ? undefined : why;
  log.info("stopping", { why: restore ? "a backup is restored" : why });
  appliance?.close();
  endWarnings?.();
  stopping(restore !== undefined);
  leave();
  await machine?.close();
  await agent.close({ endSessions: why !== "SIGTERM" });
  await coordinator.close();
  await backups.close();
  return restore;
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
