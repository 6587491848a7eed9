import { LineCounter, parseDocument } from "yaml";
import { InventoryError } from "../inventory.ts";
import { AnsibleGroups, expandHosts } from "./groups.ts";

/**
 * Reads Ansible's YAML form: groups with `hosts`, `vars` and `children`.
 *
 * @param from  of the text, for messages
 * @throws InventoryError
 */
export function parseAnsibleYaml(text: string, from: string): AnsibleGroups {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lineCounter.linePos(error.pos[0]);
    throw new InventoryError(`${from}:${line}: ${error.message.split("\n")[0]}`);
  }
  const groups = new AnsibleGroups();
  let value: unknown;
  try {
    // Aliases that multiply are an attack on memory.
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new InventoryError(`${from}: ${(error as Error).message}`);
  }
  for (const [name, group] of entries(value, from, "the inventory")) {
    readGroup(groups, name, group, `${from}: ${name}`, 0);
  }
  return groups;
}

const MAX_DEPTH = 30;

function readGroup(
  groups: AnsibleGroups,
  name: string,
  value: unknown,
  where: string,
  depth: number,
): void {
  if (depth > MAX_DEPTH) throw new InventoryError(`${where}: nested deeper than ${MAX_DEPTH}`);
  const group = groups.group(name);
  for (const [key, part] of entries(value, where, "a group")) {
    if (key === "hosts") {
      for (const [pattern, vars] of entries(part, where, "hosts")) {
        for (const host of expandHosts(pattern, where)) {
          groups.addHost(name, host, entries(vars, `${where}.${pattern}`, "variables"));
        }
      }
    } else if (key === "vars") {
      for (const [variable, content] of entries(part, where, "vars")) {
        group.vars.set(variable, content);
      }
    } else if (key === "children") {
      for (const [child, content] of entries(part, where, "children")) {
        group.children.add(child);
        readGroup(groups, child, content, `${where}.${child}`, depth + 1);
      }
    } else {
      throw new InventoryError(`${where}: expected hosts, vars or children, got "${key}"`);
    }
  }
}

function entries(value: unknown, where: string, what: string): [string, unknown][] {
  if (value === null || value === undefined) return [];
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new InventoryError(
      `${where}: expected ${what} as a mapping, got ${JSON.stringify(value)}`,
    );
  }
  return Object.entries(value);
}
