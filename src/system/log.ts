/**
 * Structured logs on standard error: one JSON object a line, or readable lines on a terminal.
 *
 * Standard output is for what a command prints as its result.
 */

export type LogLevel = "debug" | "info" | "warn" | "error";
const LEVELS: LogLevel[] = ["debug", "info", "warn", "error"];

/** Values that belong to an event; an Error is written with its message and causes. */
export type LogFields = Record<string, unknown>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  with(fields: LogFields): Logger;
}

/** Settings of this process; Workers have their own copy. `GAMELAN_LOG_LEVEL` sets the first level. */
export const logSettings: { level: LogLevel; json: boolean; write: (line: string) => void } = {
  level: LEVELS.find((level) => level === Deno.env.get("GAMELAN_LOG_LEVEL")) ?? "info",
  json: !Deno.stderr.isTerminal(),
  write: (line) => {
    const bytes = new TextEncoder().encode(line + "\n");
    for (let sent = 0; sent < bytes.length;) sent += Deno.stderr.writeSync(bytes.subarray(sent));
  },
};

function plain(value: unknown): unknown {
  if (value instanceof Error) {
    const cause = value.cause === undefined ? "" : `; because ${plain(value.cause)}`;
    return `${value.name}: ${value.message}${cause}`;
  }
  if (typeof value === "bigint") return String(value);
  return value;
}

function line(level: LogLevel, scope: string, message: string, fields: LogFields): string {
  const values = Object.entries(fields).map(([key, value]) => [key, plain(value)] as const);
  if (logSettings.json) {
    return JSON.stringify({
      time: new Date().toISOString(),
      level,
      scope,
      message,
      ...Object.fromEntries(values),
    });
  }
  const tail = values.map(([key, value]) =>
    ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`
  ).join("");
  const mark = { debug: "  ", info: "  ", warn: "! ", error: "✗ " }[level];
  return `${new Date().toISOString().slice(11, 23)} ${mark}${scope}: ${message}${tail}`;
}

/** A logger for one part of the program, such as `display` or `session`. */
export function logger(scope: string, fixed: LogFields = {}): Logger {
  const write = (level: LogLevel) => (message: string, fields: LogFields = {}) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(logSettings.level)) return;
    logSettings.write(line(level, scope, message, { ...fixed, ...fields }));
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    with: (fields) => logger(scope, { ...fixed, ...fields }),
  };
}
