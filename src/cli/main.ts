import { ConfigError } from "../config/config.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { version } from "./version.ts";

interface Command {
  summary: string;
  /** Commands that Gamelan runs for itself are not listed. */
  hidden?: boolean;
  load: () => Promise<{ run(args: string[]): Promise<number> }>;
}

// Each command is its own module, loaded when it is called: `gamelan version` must not open libav.
const commands: Record<string, Command> = {
  serve: {
    summary: "Run the house: web page, coordinator and this machine as streaming node",
    load: () => import("./serve.ts"),
  },
  coordinator: {
    summary: "Run web page and coordinator without streaming from this machine",
    load: () => import("./coordinator.ts"),
  },
  node: {
    summary: "Stream from this machine for a coordinator elsewhere",
    load: () => import("./node.ts"),
  },
  session: {
    summary: "Stream one thing, such as a running X desktop",
    load: () => import("./session.ts"),
  },
  games: {
    summary: "Import, list, check, remove and try games",
    load: () => import("./games.ts"),
  },
  saves: {
    summary: "List, restore and export saved games",
    load: () => import("./saves.ts"),
  },
  backup: {
    summary: "Write configuration, people, keys and saves to one file",
    load: () => import("./backup.ts"),
  },
  restore: {
    summary: "Bring a backup back, all of it or parts",
    load: () => import("./restore.ts"),
  },
  update: {
    summary: "Replace the system of this appliance, or go back to the one before",
    load: () => import("./update.ts"),
  },
  "factory-reset": {
    summary: "Erase this appliance, as on its first day",
    load: () => import("./factory_reset.ts"),
  },
  fleet: {
    summary: "Update and look after many boxes over SSH",
    load: () => import("./fleet.ts"),
  },
  box: {
    summary: "This machine as a box of a fleet",
    load: () => import("./box.ts"),
  },
  bundle: {
    summary: "Sign and check update bundles",
    load: () => import("./bundle.ts"),
  },
  doctor: {
    summary: "Check what this machine can do, with evidence and fixes",
    load: () => import("./doctor.ts"),
  },
  selftest: {
    summary: "Play the Test card once without a viewer, and say whether all of it worked",
    load: () => import("./selftest.ts"),
  },
  bench: {
    summary: "Measure capture and encoding on this machine",
    load: () => import("./bench.ts"),
  },
  version: {
    summary: "Print the version",
    load: () => import("./version.ts"),
  },
  testcard: {
    summary: "The test card, as a Wayland client",
    hidden: true,
    load: () => import("./testcard.ts"),
  },
};

const help = () =>
  `Gamelan ${version}: a game console for every screen in the house.

Usage: gamelan COMMAND [OPTIONS]

Commands:
${
    Object.entries(commands).filter(([, command]) => !command.hidden)
      .map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`).join("\n")
  }

Examples:
  gamelan serve                       start, then open the printed address
  gamelan games import deb:supertux   add a game from Debian
  gamelan doctor                      find out what is missing

gamelan COMMAND --help describes a command.

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 something must be installed first,
4 wrong configuration.
`;

/** Runs a command line and returns the exit code; never throws. */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    console.log(help());
    return name === undefined ? ExitCode.usage : ExitCode.ok;
  }
  const command = commands[name === "--version" ? "version" : name];
  if (!command) {
    console.error(`gamelan: expected a command, got "${name}"; gamelan --help lists them`);
    return ExitCode.usage;
  }
  try {
    return await (await command.load()).run(rest);
  } catch (error) {
    if (error instanceof ConfigError) {
      console.error(`gamelan: the configuration is wrong\n${error.message}`);
      return ExitCode.config;
    }
    if (error instanceof UsageError || isParseArgsError(error)) {
      const { message } = error as Error;
      console.error(`gamelan ${name}: ${message}; gamelan ${name} --help describes the options`);
      return ExitCode.usage;
    }
    console.error(`gamelan ${name}: ${error instanceof Error ? error.message : error}`);
    if (Deno.env.get("GAMELAN_LOG_LEVEL") === "debug") console.error(error);
    return ExitCode.failure;
  }
}

function isParseArgsError(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return typeof code === "string" && code.startsWith("ERR_PARSE_ARGS");
}
