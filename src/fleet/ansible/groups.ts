/** What Ansible's two inventory forms have in common: groups of hosts with variables. */
import { InventoryError } from "../inventory.ts";

export interface AnsibleGroup {
  /** Hosts with their own variables. */
  hosts: Map<string, Map<string, unknown>>;
  vars: Map<string, unknown>;
  children: Set<string>;
}

/** Groups by name; "all" holds every host, "ungrouped" those of no other group. */
export class AnsibleGroups extends Map<string, AnsibleGroup> {
  group(name: string): AnsibleGroup {
    let group = this.get(name);
    if (group === undefined) {
      group = { hosts: new Map(), vars: new Map(), children: new Set() };
      this.set(name, group);
    }
    return group;
  }

  addHost(group: string, host: string, vars: Iterable<[string, unknown]>): void {
    const { hosts } = this.group(group);
    const known = hosts.get(host) ?? new Map();
    for (const [key, value] of vars) known.set(key, value);
    hosts.set(host, known);
  }

  /** Hosts in the order of their first mention. */
  hosts(): string[] {
    return [...new Set([...this.values()].flatMap(({ hosts }) => [...hosts.keys()]))];
  }

  /**
   * A host's groups without "all" and "ungrouped", from the outermost to the innermost: later ones'
   * variables win.
   */
  groupsOf(host: string): string[] {
    const parents = new Map<string, string[]>();
    for (const [name, { children }] of this) {
      for (const child of children) parents.set(child, [...parents.get(child) ?? [], name]);
    }
    const depth = (name: string, way: string[] = []): number => {
      if (way.includes(name)) {
        throw new InventoryError(`The group ${name} is a child of itself: ${way.join(" → ")}`);
      }
      const above = (parents.get(name) ?? []).filter((parent) => parent !== "all");
      return Math.max(0, ...above.map((parent) => 1 + depth(parent, [...way, name])));
    };
    const found = new Set<string>();
    const climb = (name: string) => {
      if (found.has(name)) return;
      found.add(name);
      for (const parent of parents.get(name) ?? []) climb(parent);
    };
    for (const [name, { hosts }] of this) {
      if (hosts.has(host)) climb(name);
    }
    return [...found].filter((name) => name !== "all" && name !== "ungrouped")
      .map((name) => ({ name, depth: depth(name) }))
      .sort((a, b) => a.depth - b.depth || a.name.localeCompare(b.name))
      .map(({ name }) => name);
  }

  /** A host's variables without those of "all". */
  varsOf(host: string): Map<string, unknown> {
    const vars = new Map<string, unknown>();
    const lay = (more: Iterable<[string, unknown]>) => {
      for (const [key, value] of more) vars.set(key, value);
    };
    lay(this.get("ungrouped")?.vars ?? []);
    for (const group of this.groupsOf(host)) lay(this.get(group)!.vars);
    for (const { hosts } of this.values()) lay(hosts.get(host) ?? []);
    return vars;
  }
}

/** More hosts than that in one range are a mistake. */
const MAX_RANGE = 1000;

/**
 * Ansible's host ranges: `box[01:10]`, `rack-[a:c]`, with a step as third number.
 *
 * @param where  of the pattern, for the message
 */
export function expandHosts(pattern: string, where: string): string[] {
  const range = /^([^[\]]*)\[(\d+|[A-Za-z]):(\d+|[A-Za-z])(?::(\d+))?\](.*)$/.exec(pattern);
  if (range === null) {
    if (/[[\]]/.test(pattern)) {
      throw new InventoryError(
        `${where}: expected a host or a range such as "box[01:10]", got "${pattern}"`,
      );
    }
    return [pattern];
  }
  const [, head, first, last, step = "1", tail] = range;
  const digits = /\d/.test(first);
  const from = digits ? Number(first) : first.charCodeAt(0);
  const to = digits ? Number(last) : last.charCodeAt(0);
  const by = Number(step);
  const count = Math.floor((to - from) / by) + 1;
  if (!(by >= 1) || /\d/.test(last) !== digits || !(count >= 1 && count <= MAX_RANGE)) {
    throw new InventoryError(`${where}: expected a range of 1 to ${MAX_RANGE} hosts: "${pattern}"`);
  }
  return Array.from({ length: count }, (_, index) => from + index * by)
    .map((at) => digits ? String(at).padStart(first.length, "0") : String.fromCharCode(at))
    .flatMap((text) => expandHosts(tail, where).map((rest) => head + text + rest));
}
