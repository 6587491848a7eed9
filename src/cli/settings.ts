import { parseArgs } from "node:util";
import { type Config, configKeys, loadConfig } from "../config/config.ts";
import { logSettings } from "../system/log.ts";
import { UsageError } from "./exit_codes.ts";

/** A flag of a command besides the configuration's keys. */
interface Flag {
  type: "string" | "boolean";
}

const flagOf = (key: string) => key.replace(/[._]/g, "-");
/** Short names for what scripts set most. */
const aliases: Record<string, string> = { port: "http.port", "data-dir": "data_dir" };

/** What the common options mean, for a command's help text. */
export const settingsHelp =
  `  --port PORT         plain HTTP port (http.port); 0: any free one. HTTPS is on the next one
                      unless --https-port is given
  --data-dir DIR      library, saves, accounts (data_dir)
  --config FILE       configuration file; each of its keys is also a flag, such as
                      --session-grace-seconds 60, and an environment variable, such as
                      GAMELAN_SESSION_GRACE_SECONDS`;

export interface Settings {
  config: Config;
  /** Values of the command's own flags. */
  flags: Record<string, string | boolean | undefined>;
}

/**
 * Parses a command line where every key of the configuration is a flag, and loads the configuration.
 *
 * @throws ConfigError where the configuration is wrong
 * @throws UsageError where the command line has something else on it
 */
export function readSettings(args: string[], own: Record<string, Flag> = {}): Settings {
  const options: Record<string, Flag> = {
    help: { type: "boolean" },
    json: { type: "boolean" },
    config: { type: "string" },
    ...own,
  };
  for (const name of Object.keys(aliases)) options[name] = { type: "string" };
  for (const key of configKeys) options[flagOf(key.name)] ??= { type: "string" };
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  if (positionals.length > 0) {
    throw new UsageError(`expected only options, got "${positionals.join(" ")}"`);
  }
  const flags = values as Settings["flags"];
  const overrides: Record<string, string> = {};
  for (const key of configKeys) {
    const value = flags[flagOf(key.name)];
    if (typeof value === "string") overrides[key.name] = value;
  }
  for (const [name, key] of Object.entries(aliases)) {
    if (typeof flags[name] === "string") overrides[key] = flags[name];
  }
  const port = overrides["http.port"];
  if (port !== undefined && /^\d+$/.test(port)) {
    overrides["https.port"] ??= port === "0" ? "0" : String(Number(port) + 1);
  }
  const config = loadConfig({
    file: typeof flags.config === "string" ? flags.config : undefined,
    env: Deno.env.toObject(),
    flags: overrides,
  });
  logSettings.level = config.log.level;
  return { config, flags };
}

/** Options of commands that work on the house's data without running it, for `parseArgs`. */
export const dataOptions = {
  "help": { type: "boolean", short: "h" },
  "json": { type: "boolean" },
  "data-dir": { type: "string" },
  "config": { type: "string" },
} as const;

/** The configuration that these options name. Throws ConfigError where it is wrong. */
export function dataConfig(values: { "data-dir"?: string; "config"?: string }): Config {
  return loadConfig({
    file: values.config,
    env: Deno.env.toObject(),
    flags: { data_dir: values["data-dir"] },
  });
}
