import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { type Config, type ConfigKey, configKeys, ConfigSchema } from "./schema.ts";
import { tomlLines } from "./toml_lines.ts";

/** One thing that is wrong with the settings. */
export interface ConfigProblem {
  /** Where it was said: `gamelan.toml:12`, `GAMELAN_HTTP_PORT` or `--http-port`. */
  where: string;
  /** The key, such as `http.port`; empty where the file is no TOML at all. */
  key: string;
  /** What is wrong and what was expected, without the place. */
  message: string;
}

/** The settings cannot be used; `problems` has all that is wrong with them. */
export class ConfigError extends Error {
  override name = "ConfigError";
  constructor(readonly problems: ConfigProblem[]) {
    super(problems.map(({ where, message }) => `${where}: ${message}`).join("\n"));
  }
}

export interface ConfigSources {
  /** The file; it must be there. Absent: `GAMELAN_CONFIG`, else the default place, where one is. */
  file?: string;
  env: Record<string, string | undefined>;
  /** By key, such as `{ "http.port": "8081" }`; text is read as in the environment. */
  flags: Record<string, string | number | boolean | undefined>;
}

/** Where the configuration file is looked for: /etc/gamelan for root, else $XDG_CONFIG_HOME. */
export function defaultConfigFile(env: ConfigSources["env"]): string {
  if (Deno.uid() === 0) return "/etc/gamelan/gamelan.toml";
  const base = env.XDG_CONFIG_HOME || join(env.HOME || "/", ".config");
  return join(base, "gamelan", "gamelan.toml");
}

/** Where data lives when nothing is said: /var/lib/gamelan for root, else $XDG_DATA_HOME/gamelan. */
export function defaultDataDir(env: ConfigSources["env"], uid = Deno.uid()): string {
  // Root with XDG_DATA_HOME set asked for it: tests and containers do.
  if (env.XDG_DATA_HOME?.startsWith("/")) return join(env.XDG_DATA_HOME, "gamelan");
  if (uid === 0) return "/var/lib/gamelan";
  return join(env.HOME || "/", ".local/share/gamelan");
}

/**
 * The settings from the file, overridden by the environment, overridden by flags.
 *
 * @throws ConfigError with every problem of all three, each with its place and the expected form.
 */
export function loadConfig(sources: ConfigSources): Config {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  const places = new Map<string, string>();

  readFile(sources, values, places, problems);
  readEnvironment(sources.env, values, places, problems);
  readFlags(sources.flags, values, places, problems);

  const checked = ConfigSchema.safeParse(values);
  if (!checked.success) {
    for (const issue of checked.error.issues) {
      if (issue.code === "unrecognized_keys") {
        for (const name of issue.keys) problems.push(unknownKey([...issue.path, name], places));
      } else {
        problems.push(badValue(issue.path, values, places));
      }
    }
  }
  if (checked.success) problems.push(...contradictions(checked.data, places));
  if (!checked.success || problems.length > 0) throw new ConfigError(unique(problems));

  const config = checked.data;
  config.data_dir = resolve(config.data_dir || defaultDataDir(sources.env));
  config.node.name ||= hostname().replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 63) || "node";
  return config;
}

function readFile(
  { file, env }: ConfigSources,
  values: Record<string, unknown>,
  places: Map<string, string>,
  problems: ConfigProblem[],
): void {
  const asked = file ?? (env.GAMELAN_CONFIG || undefined);
  const path = asked ?? defaultConfigFile(env);
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (asked === undefined && error instanceof Deno.errors.NotFound) return;
    const reason = error instanceof Error ? error.message : String(error);
    problems.push({ where: path, key: "", message: `cannot read the configuration: ${reason}` });
    return;
  }
  try {
    Object.assign(values, parse(text));
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const message = error.message.split("\n")[0];
    problems.push({ where: `${path}:${error.line}`, key: "", message });
    return;
  }
  for (const [key, line] of tomlLines(text)) places.set(key, `${path}:${line}`);
}

function readEnvironment(
  env: ConfigSources["env"],
  values: Record<string, unknown>,
  places: Map<string, string>,
  problems: ConfigProblem[],
): void {
  const sections = new Set(configKeys.map((key) => key.env.split("_").slice(0, 2).join("_")));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith("GAMELAN_") || text === undefined) continue;
    const key = configKeys.find((candidate) => candidate.env === name);
    if (key) {
      override(key, text, name, values, places);
    } else if ([...sections].some((section) => name.startsWith(`${section}_`))) {
      const near = nearest(name, configKeys.map((candidate) => candidate.env));
      problems.push({ where: name, key: "", message: `there is no such setting${near}` });
    }
  }
}

function readFlags(
  flags: ConfigSources["flags"],
  values: Record<string, unknown>,
  places: Map<string, string>,
  problems: ConfigProblem[],
): void {
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const flag = `--${name.replaceAll(/[._]/g, "-")}`;
    const key = configKeys.find((candidate) => candidate.name === name);
    if (key) override(key, value, flag, values, places);
    else problems.push({ where: flag, key: name, message: "there is no such setting" });
  }
}

function override(
  key: ConfigKey,
  value: string | number | boolean,
  place: string,
  values: Record<string, unknown>,
  places: Map<string, string>,
): void {
  const [section, name] = key.name.split(".");
  const parsed = typeof value === "string" ? fromText(key, value) : value;
  for (const known of [...places.keys()]) {
    if (known.startsWith(`${key.name}.`)) places.delete(known);
  }
  places.set(key.name, place);
  if (name === undefined) {
    values[section] = parsed;
    return;
  }
  const table = values[section];
  // A file that says `http = 3` is wrong already; its own problem is reported from its own line.
  if (table !== undefined && (typeof table !== "object" || table === null)) return;
  values[section] = { ...table, [name]: parsed };
}

/**
 * A setting written as text: what the key takes if it takes text, else a TOML value, else a list
 * separated by commas (`a,b`) or by a dash (`47000-47099`).
 */
function fromText(key: ConfigKey, text: string): unknown {
  if (key.schema.safeParse(text).success || typeof key.fallback === "string") return text;
  try {
    return parse(`value = ${text}`).value;
  } catch {
    if (/^\d+-\d+$/.test(text)) return text.split("-").map(Number);
    if (Array.isArray(key.fallback)) return text === "" ? [] : text.split(",").map((s) => s.trim());
    return text;
  }
}

/** The place of the longest known beginning of `path`. */
function placeOf(path: PropertyKey[], places: Map<string, string>): string {
  for (let length = path.length; length > 0; length--) {
    const place = places.get(path.slice(0, length).join("."));
    if (place) return place;
  }
  return "configuration";
}

function unknownKey(path: PropertyKey[], places: Map<string, string>): ConfigProblem {
  const name = path.join(".");
  const names = configKeys.map((key) => key.name);
  const sections = names.map((key) => key.split(".")[0]);
  const hint = nearest(name, [...names, ...sections]);
  return {
    where: placeOf(path, places),
    key: name,
    message: `there is no setting ${name}${hint}`,
  };
}

function badValue(
  path: PropertyKey[],
  values: Record<string, unknown>,
  places: Map<string, string>,
): ConfigProblem {
  const name = path.slice(0, 2).join(".");
  const key = configKeys.find((candidate) => candidate.name === name || candidate.name === path[0]);
  let value: unknown = values;
  for (const part of key ? key.name.split(".") : path) {
    value = (value as Record<PropertyKey, unknown> | undefined)?.[part];
  }
  const secret = key?.name === "node.token" || key?.name === "ice.servers";
  const came = secret ? "" : `, got ${JSON.stringify(value)}`;
  const form = key?.form ?? `a table: [${String(path[0])}]`;
  return {
    where: placeOf(path, places),
    key: key?.name ?? name,
    message: `${key?.name ?? name}: expected ${form}${came}`,
  };
}

/** Settings that are well formed each by itself but do not go together. */
function contradictions(config: Config, places: Map<string, string>): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { cert, key } = config.tls;
  if ((cert === "") !== (key === "")) {
    const [given, missing] = cert ? ["tls.cert", "tls.key"] : ["tls.key", "tls.cert"];
    problems.push({
      where: placeOf(given.split("."), places),
      key: missing,
      message: `${given} is set without ${missing}: expected both, or neither`,
    });
  }
  const { http, https } = config;
  if (https.enabled && http.port === https.port && http.port !== 0) {
    problems.push({
      where: placeOf(["https", "port"], places),
      key: "https.port",
      message: `https.port: expected another port than http.port, got ${https.port} for both`,
    });
  }
  return problems;
}

function unique(problems: ConfigProblem[]): ConfigProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ where, message }) => {
    const text = `${where} ${message}`;
    return !seen.has(text) && seen.add(text);
  });
}

/** `; did you mean X?` for the known name with the fewest edits, where it is near. */
function nearest(name: string, known: string[]): string {
  const ranked = known.map((candidate) => ({ candidate, edits: distance(name, candidate) }))
    .sort((a, b) => a.edits - b.edits);
  return ranked[0].edits <= 3 ? `; did you mean ${ranked[0].candidate}?` : "";
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
