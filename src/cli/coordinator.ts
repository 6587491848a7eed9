import { startCoordinator } from "../coordinator/coordinator.ts";
import { ExitCode } from "./exit_codes.ts";
import { printReady, printReadyJson } from "./ready.ts";
import { readSettings, settingsHelp } from "./settings.ts";
import { stopSignal } from "./stop_signal.ts";
import { uiAssets } from "./ui_assets.ts";
import { version } from "./version.ts";

const help = `Usage: gamelan coordinator [OPTIONS]

Runs the web page and the coordinator without streaming from this machine. Streaming machines join
with gamelan node. Several coordinators share one store with --store-redis.

${settingsHelp}
  --json              print one line {"url", "claimCode", "pid"} when ready

Examples:
  gamelan coordinator
  gamelan coordinator --store-redis redis://10.0.0.5:6379`;

/** `gamelan coordinator` */
export async function run(args: string[]): Promise<number> {
  const { config, flags } = readSettings(args);
  if (flags.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const stop = stopSignal();
  await Deno.mkdir(config.data_dir, { recursive: true });
  const coordinator = await startCoordinator({ config, ui: await uiAssets(), version });
  const ready = { url: coordinator.url, claimCode: coordinator.claimCode, pid: Deno.pid };
  if (flags.json) printReadyJson(ready);
  else await printReady(ready, coordinator);
  await stop;
  await coordinator.close();
  return ExitCode.ok;
}
