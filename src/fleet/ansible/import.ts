/** An inventory of Ansible's as one of ours. */
import { stringify } from "smol-toml";
import {
  InventoryError,
  type InventoryFile,
  parseInventory,
  type Variables,
} from "../inventory.ts";
import type { AnsibleGroups } from "./groups.ts";
import { parseAnsibleIni } from "./ini.ts";
import { parseAnsibleYaml } from "./yaml.ts";

type Jumps = NonNullable<InventoryFile["jumps"]>;

interface Imported {
  toml: string;
  /** What could not be taken over, a line each. */
  notes: string[];
}

/**
 * Groups become tags, variables stay, and Ansible's connection variables become settings of the host.
 *
 * @param file  its name decides the form: YAML where it ends so, else INI
 * @throws InventoryError
 */
export function importAnsible(text: string, file: string): Imported {
  const groups = /\.ya?ml$/i.test(file)
    ? parseAnsibleYaml(text, file)
    : parseAnsibleIni(text, file);
  const notes: string[] = [];
  const jumps: Jumps = {};
  const all = split(groups.get("all")?.vars ?? new Map(), "all", jumps, notes);
  const hosts: NonNullable<InventoryFile["hosts"]> = {};
  for (const name of groups.hosts()) {
    const vars = groups.varsOf(name);
    if (vars.get("ansible_connection") === "local") {
      notes.push(`${name} is left out: it is the operator's own machine`);
      continue;
    }
    const { address, connection, variables } = split(vars, name, jumps, notes);
    const tags = groups.groupsOf(name);
    hosts[name] = {
      ...(address === undefined ? {} : { address }),
      ...connection,
      ...(tags.length === 0 ? {} : { tags }),
      ...(Object.keys(variables).length === 0 ? {} : { variables }),
    };
  }
  const defaults = {
    ...all.connection,
    ...(Object.keys(all.variables).length === 0 ? {} : { variables: all.variables }),
  };
  const inventory: InventoryFile = {
    ...(Object.keys(defaults).length === 0 ? {} : { defaults }),
    ...(Object.keys(jumps).length === 0 ? {} : { jumps }),
    hosts,
  };
  const toml = stringify(inventory);
  check(toml, file, groups);
  return { toml, notes };
}

/** Names and values that Ansible takes and we do not: said with Ansible's file, not with our text. */
function check(toml: string, file: string, groups: AnsibleGroups): void {
  if (groups.hosts().length === 0) throw new InventoryError(`${file}: it names no hosts`);
  try {
    parseInventory(toml, file);
  } catch (error) {
    if (!(error instanceof InventoryError)) throw error;
    throw new InventoryError(error.message.replaceAll(`${file}:`, `${file}, imported, line `));
  }
}

function split(vars: Map<string, unknown>, owner: string, jumps: Jumps, notes: string[]) {
  const connection: { port?: number; user?: string; identity?: string; jump?: string } = {};
  const variables: Variables = {};
  let address: string | undefined;
  for (const [key, value] of vars) {
    const text = String(value);
    switch (key) {
      case "ansible_host":
      case "ansible_ssh_host":
        address = text;
        break;
      case "ansible_port":
      case "ansible_ssh_port":
        connection.port = Number(value);
        break;
      case "ansible_user":
      case "ansible_ssh_user":
        connection.user = text;
        break;
      case "ansible_ssh_private_key_file":
      case "ansible_private_key_file":
        connection.identity = text;
        break;
      case "ansible_ssh_common_args":
      case "ansible_ssh_extra_args":
        connection.jump = jumpOf(text, jumps) ?? connection.jump;
        if (connection.jump === undefined) notes.push(`${owner}: ${key} is left out: ${text}`);
        break;
      case "ansible_connection":
        if (value !== "ssh") notes.push(`${owner}: ${key} is left out: ${text}`);
        break;
      default:
        if (key.startsWith("ansible_") || !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(key)) {
          notes.push(`${owner}: ${key} is left out`);
        } else if (["string", "number", "boolean"].includes(typeof value)) {
          variables[key] = value as string | number | boolean;
        } else notes.push(`${owner}: ${key} is left out: expected a text, a number or a boolean`);
    }
  }
  return { address, connection, variables };
}

/** `-J user@host:port,…` or `-o ProxyJump=…`: one jump behind the other. */
function jumpOf(args: string, jumps: Jumps): string | undefined {
  const list = /(?:-J\s*|-o\s*["']?ProxyJump[= ]\s*)([^\s"']+)/.exec(args)?.[1];
  let before: string | undefined;
  for (const item of list?.split(",") ?? []) {
    const [, user, address, port] = /^(?:([^@]+)@)?([^:@]+)(?::(\d+))?$/.exec(item) ?? [];
    if (address === undefined) return undefined;
    const name = ["jump", user, address, port].filter(Boolean).join("-")
      .replaceAll(/[^A-Za-z0-9._-]/g, "-");
    jumps[name] = {
      address,
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(before === undefined ? {} : { jump: before }),
    };
    before = name;
  }
  return before;
}
