import { InventoryError } from "../inventory.ts";
import { AnsibleGroups, expandHosts } from "./groups.ts";

/**
 * Reads Ansible's INI form: `[group]`, `[group:vars]`, `[group:children]`, hosts with `key=value`.
 *
 * @param from  of the text, for messages
 * @throws InventoryError
 */
export function parseAnsibleIni(text: string, from: string): AnsibleGroups {
  const groups = new AnsibleGroups();
  let group = "ungrouped";
  let part = "hosts";
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const where = `${from}:${index + 1}`;
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const header = /^\[([^\]:]+)(?::(\w+))?\]\s*(?:[#;].*)?$/.exec(line);
    if (header) {
      [, group, part = "hosts"] = header;
      if (!["hosts", "vars", "children"].includes(part)) {
        throw new InventoryError(
          `${where}: expected [GROUP], [GROUP:vars] or [GROUP:children], got "${line}"`,
        );
      }
      groups.group(group);
      continue;
    }
    if (part === "hosts") addHosts(groups, group, line, where);
    else if (part === "children") groups.group(group).children.add(words(line, where)[0]);
    else {
      const [, key, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(line) ?? [];
      if (key === undefined) {
        throw new InventoryError(`${where}: expected KEY=VALUE in [${group}:vars], got "${line}"`);
      }
      groups.group(group).vars.set(key, literal(value));
    }
  }
  return groups;
}

function addHosts(groups: AnsibleGroups, group: string, line: string, where: string): void {
  const [first, ...rest] = words(line, where);
  const vars = rest.map((word): [string, unknown] => {
    const at = word.indexOf("=");
    if (at < 1) {
      throw new InventoryError(`${where}: expected KEY=VALUE after the host, got "${word}"`);
    }
    return [word.slice(0, at), literal(word.slice(at + 1))];
  });
  const [, pattern, port] = /^([^:]*(?:\[[^\]]*\][^:]*)*):(\d+)$/.exec(first) ?? [];
  if (port !== undefined) vars.unshift(["ansible_port", Number(port)]);
  for (const host of expandHosts(pattern ?? first, where)) groups.addHost(group, host, vars);
}

/** Splits at spaces outside of quotes; takes the quotes away; ends at a comment. */
function words(line: string, where: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (const char of line) {
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else if (char === "#" && word === undefined) break;
    else word = (word ?? "") + char;
  }
  if (quote !== undefined) throw new InventoryError(`${where}: the quote ${quote} is not closed`);
  if (word !== undefined) found.push(word);
  return found;
}

/** Ansible reads values as Python's literals. */
function literal(text: string): unknown {
  const value = text.trim();
  if (/^-?(0|[1-9]\d{0,14})$/.test(value)) return Number(value);
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted ? quoted[2] : value;
}
