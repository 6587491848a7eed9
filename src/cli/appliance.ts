import type { Coordinator } from "../coordinator/coordinator.ts";
import { lanAddresses } from "../coordinator/http/addresses.ts";
import type { Config } from "../config/config.ts";
import { mdnsName, reclaimLowerName } from "../system/avahi.ts";
import { sshFingerprint } from "../system/ssh_fingerprint.ts";
import { logger } from "../system/log.ts";
import { type ConsoleScreen, renderConsoleScreen } from "./console_screen.ts";
import { writeToConsole } from "./console_terminal.ts";
import { version } from "./version.ts";

const log = logger("appliance");
/**
 * Avahi asks the network for two seconds before it uses a name. Nobody waits for that: the house
 * answers to gamelan.local anyway, and its certificate follows where it is another one.
 */
const NAME_SOON_MS = 60_000;
const NAME_EVERY_MS = 30_000;
/**
 * So long after the start a numbered name is given up for the plain one, or a lower number, where
 * that is free; later on people use it.
 */
const RECLAIM_MS = 300_000;
const LOOK_MS = 2000;
/** As systemd/system/ssh.service.d: with one of these there is SSH. */
const SSH_KEYS = ["/run/box/authorized_keys", "/var/lib/box/authorized_keys"];
const SSH_HOST_KEY = "/var/lib/box/ssh_host_ed25519_key.pub";
/** The kernel may have written over the screen. */
const REDRAW_MS = 60_000;

/**
 * A machine that is nothing but this house: it is known by its mDNS name, and its own screen shows how
 * to reach it.
 */
export class Appliance {
  #name: string | undefined;
  #nameAt = 0;
  readonly #openedAt = Date.now();
  #shown = "";
  #drawnAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  private constructor(
    private readonly config: Config,
    private readonly screen: string,
  ) {}

  /**
   * `screen`: a terminal's device, such as /dev/tty1. Throws where it cannot be opened.
   */
  static open(config: Config, screen: string): Appliance {
    // Also before the first player, and a wrong device is said at once.
    writeToConsole(screen, "");
    return new Appliance(config, screen);
  }

  /**
   * Draws the screen, and again when something on it has changed. Adds the machine's name in its network
   * to the names of the house's certificate as soon as it is known.
   */
  show(house: Coordinator): void {
    const look = async () => {
      if (this.#nameIsDue()) await this.#learnName();
      this.#draw(house);
    };
    const looking = async () => {
      await look().catch((error) => log.warn("the screen was not drawn", { error: String(error) }));
      if (!this.#closed) this.#timer = setTimeout(looking, LOOK_MS);
    };
    looking();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #nameIsDue(): boolean {
    const now = Date.now();
    if (this.#name === undefined && now - this.#openedAt < NAME_SOON_MS) return true;
    return now - this.#nameAt > NAME_EVERY_MS;
  }

  async #learnName(): Promise<void> {
    this.#nameAt = Date.now();
    const name = await mdnsName();
    if (name === undefined) return;
    if (Date.now() - this.#openedAt < RECLAIM_MS) {
      const asked = await reclaimLowerName(name);
      if (asked !== undefined) return log.info("asked for a name that is free", { asked, name });
    }
    if (name === this.#name) return;
    const { names } = this.config.http;
    if (this.#name !== undefined) names.splice(names.indexOf(this.#name), 1);
    // The certificate's names are looked at each minute.
    if (!names.includes(name)) names.push(name);
    this.#name = name;
    log.info("known in the network", { name });
  }

  #draw(house: Coordinator): void {
    const { http, https } = this.config;
    const hosts = lanAddresses().map((one) => one.includes(":") ? `[${one}]` : one);
    // Without an address the name leads nowhere.
    if (hosts.length > 0 && this.#name) hosts.unshift(this.#name);
    const [scheme, port, usual] = https.enabled
      ? ["https", https.port, 443]
      : ["http", http.port, 80];
    const suffix = (port: number, usual: number) => port === usual ? "" : `:${port}`;
    const screen: ConsoleScreen = {
      house: this.config.house.name,
      version,
      urls: hosts.map((host) => `${scheme}://${host}${suffix(port, usual)}`),
      trustUrl: https.enabled && hosts.length > 0
        ? `http://${hosts[0]}${suffix(http.port, 80)}/trust`
        : undefined,
      claimCode: house.claimCode,
      sshHostKey: sshHostKey(),
    };
    // Compared before it is drawn: a QR code every two seconds would keep a small machine busy.
    const shown = JSON.stringify(screen);
    if (shown === this.#shown && Date.now() - this.#drawnAt < REDRAW_MS) return;
    writeToConsole(this.screen, renderConsoleScreen(screen));
    this.#shown = shown;
    this.#drawnAt = Date.now();
  }
}

/** Fingerprint of this machine's host key for SSH; undefined where SSH is off. */
function sshHostKey(): string | undefined {
  const read = (path: string) => {
    try {
      return Deno.readTextFileSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      // The rest of the screen is worth more than this line.
      if (error instanceof Deno.errors.PermissionDenied) return "";
      throw error;
    }
  };
  if (!SSH_KEYS.some((path) => read(path) !== "")) return undefined;
  const key = read(SSH_HOST_KEY).split(" ")[1];
  return key && sshFingerprint(key);
}
