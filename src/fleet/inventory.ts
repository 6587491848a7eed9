/** The inventory: which boxes there are, how to reach them, their tags and variables. One TOML file. */
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { z } from "zod";
import { tomlLines } from "../config/toml_lines.ts";

/** The inventory cannot be used; the message has a line for each thing that is wrong with it. */
export class InventoryError extends Error {
  override name = "InventoryError";
}

const meta = <T extends z.ZodType>(schema: T, form: string) => schema.meta({ form });

/** Names of hosts, tags and jumps; they stand in SSH's configuration, where * ? ! are patterns. */
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const nameForm = 'letters, digits, ".", "-" and "_", such as "living-room"';
// A value that begins with "-" would be read as an option by some program on the way.
const address = meta(
  z.string().regex(/^[A-Za-z0-9:]([A-Za-z0-9._:%-]{0,252})$/),
  'a host name or address, such as "192.168.1.20"',
);
const connection = {
  port: meta(z.number().int().min(1).max(65535), "a port number from 1 to 65535").optional(),
  user: meta(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9._-]{0,31}$/),
    'a user name, such as "gamelan"',
  ).optional(),
  identity: meta(
    z.string().min(1).max(1000).regex(/^[^\p{Cc}"]+$/u),
    'the path of a private SSH key, such as "~/.ssh/fleet"',
  ).optional(),
  jump: meta(z.string().regex(NAME), "the name of a table in [jumps]").optional(),
};
const command = meta(
  z.string().regex(/^[A-Za-z0-9/][A-Za-z0-9/._-]*( [A-Za-z0-9/._=-]+)*$/),
  'how to run Gamelan there, such as "sudo gamelan"',
).optional();
const tag = meta(z.string().regex(NAME), nameForm);
const Variable = meta(
  z.union([z.string().max(1000), z.number(), z.boolean()]),
  "a text, a number, true or false",
);
const variables = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/), Variable).optional();

const InventoryFile = z.strictObject({
  /** Tags in the order in which a push goes through them. */
  waves: meta(z.array(tag), 'a list of tags, such as ["canary", "early"]').optional(),
  /** For all hosts that do not say otherwise. */
  defaults: z.strictObject({ ...connection, command, variables }).optional(),
  jumps: z.record(z.string().regex(NAME), z.strictObject({ address, ...connection })).optional(),
  hosts: z.record(
    z.string().regex(NAME),
    z.strictObject({
      address: address.optional(),
      ...connection,
      command,
      tags: meta(z.array(tag), 'a list of tags, such as ["canary"]').optional(),
      variables,
    }),
  ).optional(),
});
export type InventoryFile = z.infer<typeof InventoryFile>;

export type Variables = Record<string, string | number | boolean>;

/** How to reach a machine. */
export interface Endpoint {
  name: string;
  address: string;
  port?: number;
  user?: string;
  /** Path of a private key. */
  identity?: string;
  /** Name of one of {@linkcode Inventory.jumps}. */
  jump?: string;
}

export interface Host extends Endpoint {
  /** Runs Gamelan there. */
  command: string;
  tags: string[];
  variables: Variables;
}

export interface Inventory {
  waves: string[];
  jumps: Endpoint[];
  hosts: Host[];
}

/** @throws InventoryError */
export function readInventory(path: string): Inventory {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new InventoryError(
      `${path}: cannot read the inventory (${
        (error as Error).message
      }); name one by --inventory, ` +
        "or make one by gamelan fleet inventory import",
    );
  }
  return parseInventory(text, path);
}

/**
 * @param path  of the file, for messages and for relative paths in it
 * @throws InventoryError with every problem, its line and the expected form
 */
export function parseInventory(text: string, path: string): Inventory {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new InventoryError(`${path}:${error.line}: ${error.message.split("\n")[0]}`);
  }
  const lines = tomlLines(text);
  const at = (keys: PropertyKey[]) => {
    for (let length = keys.length; length > 0; length--) {
      const line = lines.get(keys.slice(0, length).join("."));
      if (line !== undefined) return `${path}:${line}`;
    }
    return path;
  };
  const result = InventoryFile.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => describe(issue, value, at));
    throw new InventoryError([...new Set(problems)].join("\n"));
  }
  return finish(result.data, path, at);
}

function describe(
  issue: z.core.$ZodIssue,
  value: unknown,
  at: (keys: PropertyKey[]) => string,
): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) =>
      `${at([...issue.path, key])}: there is no setting ${[...issue.path, key].join(".")}`
    );
  }
  const key = issue.path.join(".");
  if (issue.code === "invalid_key") {
    return [`${at(issue.path)}: "${String(issue.path.at(-1))}" is no name: expected ${nameForm}`];
  }
  const got = issue.path.reduce<unknown>(
    (part, name) => (part as Record<PropertyKey, unknown> | undefined)?.[name],
    value,
  );
  const form = formAt(issue.path);
  const shown = got === undefined ? "nothing" : JSON.stringify(got).slice(0, 100);
  return [`${at(issue.path)}: ${key || "the inventory"}: expected ${form}, got ${shown}`];
}

function formAt(path: PropertyKey[]): string {
  let schema: z.ZodType | undefined = InventoryFile;
  let form: unknown;
  for (const key of [...path, ""]) {
    while (schema instanceof z.ZodOptional) {
      form = schema.meta()?.form ?? form;
      schema = schema.unwrap() as z.ZodType;
    }
    form = schema?.meta()?.form ?? form;
    if (schema instanceof z.ZodObject) schema = schema.shape[key as string];
    else if (schema instanceof z.ZodRecord) schema = schema.valueType as z.ZodType;
    else if (schema instanceof z.ZodArray) schema = schema.element as z.ZodType;
    else schema = undefined;
  }
  return typeof form === "string" ? form : "a table";
}

function finish(
  { waves = [], defaults = {}, jumps = {}, hosts = {} }: InventoryFile,
  path: string,
  at: (keys: PropertyKey[]) => string,
): Inventory {
  const problems: string[] = [];
  const base = dirname(resolve(path));
  const identity = (given: string | undefined) => given && expandPath(given, base);
  const { variables: common = {}, command: commonCommand = "gamelan", ...general } = defaults;
  for (const name of Object.keys(jumps)) {
    if (name in hosts) {
      problems.push(`${at(["jumps", name])}: ${name} is the name of a host too; take another one`);
    }
  }
  for (const [table, entries] of Object.entries({ jumps, hosts })) {
    for (const [name, entry] of Object.entries(entries)) {
      const jump = entry.jump ?? (table === "hosts" ? general.jump : undefined);
      if (jump !== undefined && !(jump in jumps)) {
        const place = entry.jump === undefined ? ["defaults", "jump"] : [table, name, "jump"];
        const known = Object.keys(jumps).join(", ") || "none";
        problems.push(`${at(place)}: there is no table [jumps.${jump}]; there are: ${known}`);
      }
    }
  }
  for (const name of Object.keys(jumps)) {
    const seen = new Set<string>();
    for (let next: string | undefined = name; next !== undefined; next = jumps[next]?.jump) {
      if (seen.has(next)) {
        problems.push(`${at(["jumps", name, "jump"])}: the way over ${name} leads in a circle`);
        break;
      }
      seen.add(next);
    }
  }
  if (problems.length > 0) throw new InventoryError([...new Set(problems)].join("\n"));
  return {
    waves,
    jumps: Object.entries(jumps).map(([name, jump]) => ({
      name,
      ...jump,
      identity: identity(jump.identity),
    })),
    hosts: Object.entries(hosts).map(([name, host]) => ({
      ...general,
      ...host,
      name,
      address: host.address ?? name,
      identity: identity(host.identity ?? general.identity),
      command: host.command ?? commonCommand,
      tags: host.tags ?? [],
      variables: { ...common, ...host.variables },
    })),
  };
}

function expandPath(path: string, base: string): string {
  if (path.startsWith("~/")) return join(Deno.env.get("HOME") ?? "/", path.slice(2));
  return isAbsolute(path) ? path : join(base, path);
}

/**
 * The hosts that words name: each a host, a tag or "all"; with "!" in front they are left out.
 * Nothing but left-out ones, or no word: the rest of all.
 *
 * @throws InventoryError where a word names nothing
 */
export function selectHosts(inventory: Inventory, words: string[]): Host[] {
  const named = (word: string) => {
    const found = inventory.hosts.filter(({ name, tags }) =>
      word === "all" || name === word || tags.includes(word)
    );
    if (found.length > 0) return found;
    const tags = [...new Set(inventory.hosts.flatMap((host) => host.tags))];
    throw new InventoryError(
      `The inventory has no host and no tag "${word}"; tags: ${
        tags.join(", ") || "none"
      }; hosts: ` +
        `${inventory.hosts.slice(0, 20).map(({ name }) => name).join(", ") || "none"}` +
        (inventory.hosts.length > 20 ? ", …" : ""),
    );
  };
  const out = words.filter((word) => word.startsWith("!")).flatMap((word) => named(word.slice(1)));
  const only = words.filter((word) => !word.startsWith("!"));
  const inside = new Set(only.length === 0 ? inventory.hosts : only.flatMap(named));
  return inventory.hosts.filter((host) => inside.has(host) && !out.includes(host));
}
