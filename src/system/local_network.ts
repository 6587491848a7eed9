/**
 * Browsers do WebRTC on machines with a network only: Chromium and Firefox leave loopback out, and
 * with nothing else Chromium never starts to look for a path (its ICE gathering waits for ever), so
 * a laptop without Wi-Fi would play nothing in its own browser. Any other interface that is up will
 * do, also one that leads nowhere.
 */
import { networkInterfaces } from "node:os";
import { libc } from "../../ffi/libc.ts";
import { logger } from "./log.ts";

const log = logger("network");
/** The "IPv4 dummy address" (RFC 7600 section 4.8), which never belongs to another machine. */
const ADDRESS = "192.0.0.8";
const INTERFACE = "gamelan0";
/** In the order of preference; not every kernel has both. */
const KINDS = ["dummy", "bridge"];

/** Addresses of this machine besides loopback, link-local ones and that of our own interface. */
export function networkAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  return [
    ...new Set(
      all.filter(({ internal, address }) =>
        !internal && !/^(169\.254\.|fe[89ab].:)/i.test(address) && address !== ADDRESS
      ).map(({ address }) => address),
    ),
  ];
}

/** The address of the interface that leads nowhere, where there is one. */
export function offlineAddress(): string | undefined {
  const own = networkInterfaces()[INTERFACE] ?? [];
  return own.some(({ address }) => address === ADDRESS) ? ADDRESS : undefined;
}

/**
 * On a machine with nothing but loopback, makes an interface that leads nowhere, so that browsers on
 * it play. Takes root; without, says what to do. Never throws: everybody else plays all the same.
 * Waits for the commands, because the session that is started next looks for its addresses.
 */
export function ensureBrowsersFindNetwork(): void {
  const faces = Object.values(networkInterfaces()).flatMap((infos) => infos ?? []);
  if (faces.some(({ internal }) => !internal)) return;
  if (libc.getuid() !== 0) {
    log.warn("there is no network, so browsers on this machine show no picture", {
      fix: FIX_OFFLINE,
    });
    return;
  }
  for (const kind of KINDS) {
    if (ip("link", "add", INTERFACE, "type", kind)) break;
  }
  const made = ip("address", "replace", `${ADDRESS}/32`, "dev", INTERFACE) &&
    ip("link", "set", INTERFACE, "up");
  if (made) log.info("no network: made an interface for browsers on this machine", { INTERFACE });
  else log.warn("no network, and no interface could be made: browsers here show no picture");
}

/** For a person without a network. */
export const FIX_OFFLINE = "Connect it to a network, or for a browser on this machine: " +
  `ip link add ${INTERFACE} type ${KINDS[0]} && ip address add ${ADDRESS}/32 dev ${INTERFACE} && ` +
  `ip link set ${INTERFACE} up`;

/** Debian package iproute2. */
function ip(...args: string[]): boolean {
  try {
    const { success, stderr } = new Deno.Command("ip", { args }).outputSync();
    if (!success) log.debug("ip", { args, error: new TextDecoder().decode(stderr).trim() });
    return success;
  } catch (error) {
    log.debug("ip", { args, error });
    return false;
  }
}
