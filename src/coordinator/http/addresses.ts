import { hostname } from "node:os";
import { networkAddresses } from "../../system/local_network.ts";

/** Whether an IP address text is this machine talking to itself. */
export function isLoopback(address: string): boolean {
  const plain = withoutBrackets(address);
  return plain === "::1" || /^127(\.\d{1,3}){3}$/.test(plain);
}

/** An address as it is compared: without brackets, zone, and the IPv6 wrapping of IPv4. */
export function withoutBrackets(address: string): string {
  return address.replace(/^\[|\]$/g, "").replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/, "");
}

/** One subscriber has a whole IPv6 /64, so it counts as one address. */
export function addressGroup(address: string): string {
  const plain = withoutBrackets(address);
  if (!plain.includes(":")) return plain;
  const [head] = plain.split("::");
  return head.split(":").slice(0, 4).join(":") + "::/64";
}

/** This machine's addresses that others can reach, without link-local ones; IPv4 first. */
export function lanAddresses(): string[] {
  const found = networkAddresses();
  return [...found.filter((a) => !a.includes(":")), ...found.filter((a) => a.includes(":"))];
}

/** The names this machine answers to by itself. */
export function ownNames(): string[] {
  const name = hostname().toLowerCase();
  const short = name.split(".")[0];
  return [...new Set(["localhost", name, `${short}.local`, "gamelan.local"])];
}

/** Splits `host:port`, `[v6]:port` or `host`; undefined where it is neither. */
export function splitHost(host: string): { name: string; port: string } | undefined {
  const match = host.match(/^(\[[0-9A-Fa-f:.%]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/);
  return match ? { name: match[1].toLowerCase(), port: match[2] ?? "" } : undefined;
}

/**
 * Whether requests for a host are meant for this house. A page elsewhere can point its own name at
 * this machine's address (DNS rebinding) and would then be of one origin with it; so only names and
 * addresses that are known to be ours are served.
 */
export class HostCheck {
  readonly #names: Set<string>;
  #addresses = new Set<string>();
  #readAt = 0;

  /** `names`: those of the configuration. */
  constructor(readonly names: string[]) {
    this.#names = new Set([...ownNames(), ...names.map((name) => name.toLowerCase())]);
  }

  /** `name`: without the port. */
  accepts(name: string): boolean {
    const plain = withoutBrackets(name.toLowerCase().replace(/\.$/, ""));
    // mDNS gives a second gamelan.local in the network the name gamelan-2.local.
    if (this.#names.has(plain) || /^gamelan-\d{1,3}\.local$/.test(plain)) return true;
    if (isLoopback(plain)) return true;
    if (!/^[\d.]+$|:/.test(plain)) return false;
    // Addresses change while we run; a refused one is looked up again, at most once a second.
    if (!this.#addresses.has(plain) && Date.now() - this.#readAt > 1000) {
      this.#readAt = Date.now();
      this.#addresses = new Set(
        Deno.networkInterfaces().map((face) => withoutBrackets(face.address)),
      );
    }
    return this.#addresses.has(plain);
  }

  /** Whether the owner named this host as one of ours. */
  configured(name: string): boolean {
    return this.names.some((known) => known.toLowerCase() === name.toLowerCase());
  }
}
