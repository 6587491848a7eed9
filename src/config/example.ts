import { type ConfigKey, configKeys } from "./schema.ts";

/** A configuration file that sets nothing: every key as a comment, with its default and meaning. */
export function defaultConfigToml(): string {
  const lines = [
    "# Gamelan. Every setting with its default; take away the # before a key to change it.",
    "# Each can also be set by environment or flag: http.port is GAMELAN_HTTP_PORT and --http-port.",
  ];
  let section = "";
  for (const key of configKeys) {
    const [table, name] = key.name.includes(".") ? key.name.split(".") : ["", key.name];
    if (table !== section) lines.push("", `[${table}]`);
    section = table;
    lines.push("", ...wrap(key.doc), `# ${name} = ${example(key)}`);
  }
  return lines.join("\n") + "\n";
}

function example(key: ConfigKey): string {
  if (key.fallback !== undefined) return JSON.stringify(key.fallback);
  // An optional key has no default: show the form's example.
  return key.form.slice(key.form.indexOf("such as") + 8);
}

function wrap(text: string): string[] {
  const lines = ["#"];
  for (const word of text.split(" ")) {
    if (lines.at(-1)!.length + word.length > 98) lines.push("#");
    lines[lines.length - 1] += ` ${word}`;
  }
  return lines;
}
