import { join } from "node:path";
import { type Host, type Inventory, readInventory, selectHosts } from "../../fleet/inventory.ts";
import { defaultSocketFolder, Ssh } from "../../fleet/ssh.ts";
import { ExitCode, UsageError } from "../exit_codes.ts";

/** Exit codes of `gamelan fleet` beside the general ones. */
export const FleetExit = {
  ...ExitCode,
  /** A box failed, so the push was stopped; others were left as they were. */
  stopped: 5,
  /** Somebody stopped it; `--resume` goes on. */
  interrupted: 6,
  /** All else is well, but boxes on which somebody plays were left. */
  played: 7,
} as const;

/** Options of verbs that restart boxes. */
export const playersOptions = {
  "wait": { type: "string" },
  "during-play": { type: "boolean" },
} as const;

/** Options of all verbs, for `parseArgs`. */
export const fleetOptions = {
  "help": { type: "boolean", short: "h" },
  "json": { type: "boolean" },
  "inventory": { type: "string" },
  "on": { type: "string", multiple: true },
  "parallel": { type: "string" },
  "state": { type: "string" },
} as const;

export interface FleetValues {
  json?: boolean;
  inventory?: string;
  on?: string[];
  parallel?: string;
  state?: string;
}

/** What a verb works on. */
export interface Fleet {
  inventory: Inventory;
  inventoryFile: string;
  hosts: Host[];
  ssh: Ssh;
  parallel: number;
  state: string;
}

/**
 * Reads the inventory and prepares SSH.
 *
 * @throws InventoryError, UsageError
 */
export async function openFleet(values: FleetValues): Promise<Fleet> {
  const inventoryFile = inventoryPath(values.inventory);
  const inventory = readInventory(inventoryFile);
  const hosts = selectHosts(inventory, (values.on ?? []).flatMap((words) => words.split(",")));
  const state = values.state ?? defaultState();
  const parallel = positive(values.parallel, "--parallel", 8, 1000);
  const sockets = defaultSocketFolder(Deno.env.toObject());
  const ssh = await Ssh.open(inventory, { state, sockets });
  return { inventory, inventoryFile, hosts, ssh, parallel, state };
}

export function inventoryPath(given: string | undefined): string {
  if (given !== undefined) return given;
  try {
    Deno.statSync("fleet.toml");
    return "fleet.toml";
  } catch {
    const { HOME = "/", XDG_CONFIG_HOME = join(HOME, ".config") } = Deno.env.toObject();
    return join(XDG_CONFIG_HOME, "gamelan/fleet.toml");
  }
}

function defaultState(): string {
  const { HOME = "/", XDG_STATE_HOME = join(HOME, ".local/state") } = Deno.env.toObject();
  return join(XDG_STATE_HOME, "gamelan/fleet");
}

/** A whole number of at least 1. @throws UsageError */
export function positive(
  text: string | undefined,
  flag: string,
  fallback: number,
  max: number,
): number {
  if (text === undefined) return fallback;
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= max) return number;
  throw new UsageError(`${flag} expects a whole number from 1 to ${max}, got "${text}"`);
}

/** A number of at least 0, also with a fraction. @throws UsageError */
export function amount(text: string | undefined, flag: string, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^\d+(\.\d+)?$/.test(text) && Number(text) <= 86_400) return Number(text);
  throw new UsageError(`${flag} expects a number from 0 to 86400, got "${text}"`);
}

/** One table row a line, columns aligned. */
export function alignRows(rows: string[][]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => widths[column] = Math.max(widths[column] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()
  ).join("\n");
}
