import { SessionSource } from "../protocol/session.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { readSettings, settingsHelp } from "./settings.ts";

const help = `Usage: gamelan session --source x11:DISPLAY [OPTIONS]

Streams a running X11 desktop: opens a house whose library has that desktop.

  --source x11:DISPLAY   the display, such as x11::0
${settingsHelp}
  --json                 print one line {"url", "claimCode", "pid"} when ready

Example:
  gamelan session --source x11::0`;

/** `gamelan session`; with `--spec -` the process of one session, as the node agent starts it. */
export async function run(args: string[]): Promise<number> {
  if (args[0] === "--spec") {
    if (args[1] !== "-") {
      throw new UsageError("expected --spec - (the specification on standard input)");
    }
    return await (await import("../session/main.ts")).sessionMain();
  }
  const { config, flags } = readSettings(args, { source: { type: "string" } });
  if (flags.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const match = /^x11:(.+)$/.exec(typeof flags.source === "string" ? flags.source : "");
  const source = SessionSource.safeParse({ kind: "x11", display: match?.[1] });
  if (!source.success || source.data.kind !== "x11") {
    throw new UsageError("expected --source x11:DISPLAY, such as --source x11::0");
  }
  const { serve } = await import("./serve.ts");
  config.library.first_import = "";
  return await serve(config, { json: flags.json === true, desktops: [source.data.display] });
}
