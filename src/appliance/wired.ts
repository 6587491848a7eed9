/**
 * Settings of wired interfaces, as files of systemd.network(5). A change is tried first, in memory only
 * (`running`), and kept on the data partition (`kept`) when the owner has said so from the page; else it
 * is taken back after a while. A restart in between brings back what was kept.
 */
import { join } from "node:path";
import { WiredSetting } from "../protocol/machine.ts";
import { logger } from "../system/log.ts";
import { output } from "./command.ts";

const log = logger("network");
/** Before a stick's files and the system's 80-wired.network: what was chosen last counts. */
const PREFIX = "05-page-";
const SETTING = "# gamelan: ";

export interface WiredPlaces {
  /** Where systemd-networkd reads; gone with a restart. */
  running: string;
  /** Copied there at each start. */
  kept: string;
}

export const WIRED_PLACES: WiredPlaces = {
  running: "/run/systemd/network",
  kept: "/var/lib/box/network",
};

/** A change that waits for the owner's word. */
interface Trial {
  name: string;
  token: string;
  until: number;
  timer: ReturnType<typeof setTimeout>;
}

export class WiredSettings {
  #trial: Trial | undefined;

  /** `trialMs`: how long a change is tried. */
  constructor(
    private readonly places = WIRED_PLACES,
    private readonly trialMs = 60_000,
  ) {}

  /** Takes back what was on trial when the house was last stopped. */
  async settle(): Promise<void> {
    for (const entry of entries(this.places.running)) {
      const name = /^05-page-(.+)\.network$/.exec(entry)?.[1];
      if (name === undefined || read(this.#running(name)) === read(this.#kept(name))) continue;
      log.warn("a change of the network was not kept", { name });
      await this.#restore(name);
    }
  }

  get pending(): { name: string; until: number } | null {
    return this.#trial ? { name: this.#trial.name, until: this.#trial.until } : null;
  }

  /** What the page has set for an interface. */
  setting(name: string): WiredSetting | null {
    const line = read(this.#running(name))?.split("\n", 1)[0] ?? "";
    if (!line.startsWith(SETTING)) return null;
    try {
      return WiredSetting.parse(JSON.parse(line.slice(SETTING.length)));
    } catch {
      return null;
    }
  }

  /**
   * Uses a setting from now on, for a while. `name` is an interface that is there. One change at a time:
   * the one before, if it is not kept yet, is taken back.
   *
   * @throws SystemFailure where networkd does not take it; then all is as before
   */
  async try(name: string, setting: WiredSetting): Promise<{ until: number; token: string }> {
    await this.#takeBack();
    Deno.mkdirSync(this.places.running, { recursive: true });
    const until = Date.now() + this.trialMs;
    const token = crypto.randomUUID();
    write(this.#running(name), networkFile(name, setting));
    const timer = setTimeout(() => {
      log.warn("nobody kept the change of the network", { name });
      this.#takeBack().catch((error) => log.error("the network is not as before", { error }));
    }, this.trialMs);
    this.#trial = { name, token, until, timer };
    try {
      await apply(name);
    } catch (error) {
      await this.#takeBack().catch(() => {});
      throw error;
    }
    log.info("a change of the network is tried", { name, setting });
    return { until, token };
  }

  /** Keeps the change on trial. False where there is none with this token. */
  keep(token: string): boolean {
    const trial = this.#trial;
    if (!trial || trial.token !== token) return false;
    Deno.mkdirSync(this.places.kept, { recursive: true });
    write(this.#kept(trial.name), read(this.#running(trial.name))!);
    clearTimeout(trial.timer);
    this.#trial = undefined;
    log.info("the change of the network is kept", { name: trial.name });
    return true;
  }

  /** Takes a change on trial back. */
  async close(): Promise<void> {
    await this.#takeBack();
  }

  async #takeBack(): Promise<void> {
    const trial = this.#trial;
    if (!trial) return;
    clearTimeout(trial.timer);
    this.#trial = undefined;
    await this.#restore(trial.name);
  }

  async #restore(name: string): Promise<void> {
    const before = read(this.#kept(name));
    if (before !== undefined) write(this.#running(name), before);
    else Deno.removeSync(this.#running(name));
    await apply(name);
  }

  #running(name: string): string {
    return join(this.places.running, `${PREFIX}${name}.network`);
  }

  #kept(name: string): string {
    return join(this.places.kept, `${PREFIX}${name}.network`);
  }
}

/** Every part has been checked by the schema: nothing in it can end its line. */
function networkFile(name: string, setting: WiredSetting): string {
  const lines = [SETTING + JSON.stringify(setting), "[Match]", `Name=${name}`, "", "[Network]"];
  if (setting.method === "dhcp") lines.push("DHCP=yes");
  else {
    lines.push(`Address=${setting.address}/${setting.prefix}`, `Gateway=${setting.gateway}`);
    for (const server of setting.dns) lines.push(`DNS=${server}`);
    // IPv6 goes on by itself.
    lines.push("IPv6AcceptRA=yes");
  }
  lines.push("", "[DHCPv4]", "RouteMetric=100", "", "[IPv6AcceptRA]", "RouteMetric=100");
  return lines.join("\n") + "\n";
}

/** Why a fixed address cannot work; undefined where it may. */
export function addressProblem(setting: WiredSetting): string | undefined {
  if (setting.method === "dhcp") return undefined;
  const number = (address: string) =>
    address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - setting.prefix);
  const [own, router] = [number(setting.address), number(setting.gateway)];
  const first = own - own % size;
  const [head] = setting.address.split(".").map(Number);
  if (head === 0 || head === 127 || head >= 224) {
    return `${setting.address} is no machine's address`;
  }
  if (own === first || own === first + size - 1) {
    return `${setting.address} is the network's own or its broadcast address`;
  }
  if (router < first || router >= first + size) {
    return `the router ${setting.gateway} is not in the network of ${setting.address}/${setting.prefix}`;
  }
  if (router === own) return "the router's address cannot be this machine's own";
  return undefined;
}

async function apply(name: string): Promise<void> {
  await output("networkctl", ["reload"]);
  await output("networkctl", ["reconfigure", name]);
}

function entries(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function write(path: string, content: string): void {
  Deno.writeTextFileSync(`${path}.new`, content, { mode: 0o644 });
  Deno.chmodSync(`${path}.new`, 0o644);
  Deno.renameSync(`${path}.new`, path);
}
