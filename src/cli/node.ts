import { NodeAgent } from "../node/agent.ts";
import { capabilitiesByDoctor } from "./capabilities.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { readSettings, settingsHelp } from "./settings.ts";
import { stopSignal } from "./stop_signal.ts";
import { version } from "./version.ts";
import { lockDataDir } from "../system/data_lock.ts";
import { connectLink } from "../system/link.ts";

const help = `Usage: gamelan node --node-coordinator URL --node-token TOKEN [OPTIONS]

Streams from this machine for a coordinator elsewhere.

  --node-coordinator URL   address of the coordinator, such as https://gamelan.local:8443
  --node-token TOKEN       the coordinator's secret: the file node-token in its data directory
  --desktop DISPLAY        offer a running X11 desktop too, such as :0
${settingsHelp}

Example:
  gamelan node --node-coordinator https://gamelan.local:8443 --node-token "$(cat node-token)"`;

/** `gamelan node` */
export async function run(args: string[]): Promise<number> {
  const { config, flags } = readSettings(args, { desktop: { type: "string" } });
  if (flags.help) {
    console.log(help);
    return ExitCode.ok;
  }
  if (!config.node.coordinator || !config.node.token) {
    throw new UsageError(
      "expected --node-coordinator and --node-token, or node.* in the configuration",
    );
  }
  const stop = stopSignal();
  await Deno.mkdir(config.data_dir, { recursive: true });
  using _node = lockDataDir(config.data_dir, "node");
  const agent = new NodeAgent({
    config,
    version,
    capabilities: capabilitiesByDoctor,
    desktops: typeof flags.desktop === "string" ? [flags.desktop] : [],
  });
  await agent.start();
  const connection = connectLink(config, (link) => agent.attach(link));
  const signal = await stop;
  connection.close();
  await agent.close({ endSessions: signal === "SIGINT" });
  return ExitCode.ok;
}
