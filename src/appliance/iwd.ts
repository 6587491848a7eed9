/**
 * Wi-Fi by iwd's D-Bus interface (doc/*.txt of iwd). busctl speaks D-Bus for us: what iwd asks an agent
 * for, the passphrase, is given in the file where iwd would keep it anyway.
 */
import { join } from "node:path";
import { z } from "zod";
import type { WifiNetwork, WifiState } from "../protocol/machine.ts";
import { Refusal } from "../system/refusal.ts";
import { output, SystemFailure } from "./command.ts";
import { iwdFile, iwdPassphraseFile, ssidText } from "./ssid.ts";

const SERVICE = "net.connman.iwd";
const CONNECT_MS = 45_000;
/** The name of an object ends in what it stands for: the bytes of the SSID, and the security. */
const NETWORK_PATH =
  /^\/net\/connman\/iwd\/\d+\/\d+\/((?:[0-9a-f]{2}){1,32})_(open|psk|wep|8021x)$/;
const KNOWN_PATH = /^\/net\/connman\/iwd\/((?:[0-9a-f]{2}){1,32})_(open|psk|8021x|hotspot)$/;

const Value = z.object({ data: z.unknown() });
const Objects = z.object({
  data: z.tuple([z.record(z.string(), z.record(z.string(), z.record(z.string(), Value)))]),
});
type Objects = z.infer<typeof Objects>["data"][0];
const Ordered = z.object({ data: z.tuple([z.array(z.tuple([z.string(), z.number()]))]) });
const State = z.enum(["connected", "disconnected", "connecting", "disconnecting", "roaming"]);

export class Iwd {
  /** `folder`: where iwd remembers networks. */
  constructor(private readonly folder = "/var/lib/iwd") {}

  /** What is in reach and what is remembered. Networks in reach come first, the strongest at the top. */
  async state(): Promise<WifiState> {
    const objects = await this.#objects();
    if (!objects) return { state: "none", networks: [] };
    const known = knownNetworks(objects);
    const station = stationPath(objects);
    const remembered = [...known.keys()].map((key) => entry(key, { signal: null, known: true }));
    if (!station) {
      const hasDevice = Object.values(objects).some((one) => `${SERVICE}.Device` in one);
      return { state: hasDevice ? "off" : "none", networks: hasDevice ? remembered : [] };
    }
    const properties = objects[station][`${SERVICE}.Station`];
    const connected = properties.ConnectedNetwork?.data;
    const inReach = new Map<string, WifiNetwork>();
    for (const [path, centiDbm] of await this.#ordered(station)) {
      const match = NETWORK_PATH.exec(path);
      if (!match) continue;
      const key = `${match[1]}_${match[2]}`;
      inReach.set(
        key,
        entry(key, {
          signal: Math.round(centiDbm / 100),
          known: known.has(key),
          connected: path === connected,
        }),
      );
    }
    const networks = [
      ...inReach.values(),
      ...remembered.filter(({ ssid, security }) => !inReach.has(`${ssid}_${security}`)),
    ].slice(0, 200);
    return { state: State.catch("disconnected").parse(properties.State?.data), networks };
  }

  /** Looks for networks; what it finds comes with later states. Quiet where a search is under way. */
  async scan(): Promise<void> {
    const station = stationPath(await this.#objects() ?? {});
    if (!station) throw new Refusal("This machine has no Wi-Fi that is switched on.");
    await this.#call(station, "Station", "Scan").catch((error) => {
      if (!(error instanceof SystemFailure) || !/InProgress|Busy|in progress/i.test(error.said)) {
        throw error;
      }
    });
  }

  /**
   * Joins a network in reach. `passphrase` may be left out for one that is known or open. A passphrase
   * that does not work is not kept, and the one before comes back.
   *
   * @throws Refusal
   */
  async connect(ssid: string, passphrase?: string): Promise<void> {
    const objects = await this.#objects() ?? {};
    const station = stationPath(objects);
    if (!station) throw new Refusal("This machine has no Wi-Fi that is switched on.");
    const path = (await this.#ordered(station)).map(([one]) => one).find((one) => {
      const match = NETWORK_PATH.exec(one);
      return match?.[1] === ssid && (match[2] === "psk" || match[2] === "open");
    });
    if (!path) {
      throw new Refusal(
        `${ssidText(ssid)} is not in reach, or is secured in a way that this page cannot join. ` +
          "A stick labelled GAMELAN can bring a network's file.",
      );
    }
    const security = NETWORK_PATH.exec(path)![2] as "psk" | "open";
    const known = knownNetworks(objects).has(`${ssid}_${security}`);
    if (security === "psk" && passphrase === undefined && !known) {
      throw new Refusal(`${ssidText(ssid)} wants a passphrase.`);
    }
    const undo = security === "psk" && passphrase !== undefined
      ? this.#remember(ssid, passphrase)
      : undefined;
    try {
      if (undo) await this.#noticed(ssid);
      await this.#join(station, path);
    } catch (error) {
      undo?.();
      if (!(error instanceof SystemFailure)) throw error;
      throw new Refusal(
        passphrase === undefined
          ? `${ssidText(ssid)} was not joined. Come nearer, or try again.`
          : `${ssidText(ssid)} was not joined. Check the passphrase, and try again.`,
        { cause: error },
      );
    }
  }

  /** Forgets a network and its passphrase; leaves it where it is joined. */
  async forget(ssid: string, security: string): Promise<void> {
    const path = knownNetworks(await this.#objects() ?? {}).get(`${ssid}_${security}`);
    if (!path) throw new Refusal(`${ssidText(ssid)} is not remembered.`);
    await this.#call(path, "KnownNetwork", "Forget");
  }

  /** iwd may be joining it by itself, because it saw the file: then only its outcome counts. */
  async #join(station: string, path: string): Promise<void> {
    const call = () => this.#call(path, "Network", "Connect", CONNECT_MS);
    try {
      // After a passphrase that was wrong iwd wants to ask for the next one, once, also where there is a
      // file (network_connect_psk in iwd's src/network.c).
      await call().catch((error) => {
        if (error instanceof SystemFailure && /no ?agent/i.test(error.said)) return call();
        throw error;
      });
    } catch (error) {
      const busy = error instanceof SystemFailure && /busy|in progress|aborted/i.test(error.said);
      if (!busy) throw error;
      for (let left = CONNECT_MS / 500; left > 0; left--) {
        const found = (await this.#objects())?.[station]?.[`${SERVICE}.Station`];
        const state = found?.State?.data;
        if (state === "connected" && found?.ConnectedNetwork?.data === path) return;
        if (state === "disconnected") break;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      throw error;
    }
  }

  /** iwd learns of a new file by itself, some moments later; before that it would ask an agent. */
  async #noticed(ssid: string): Promise<void> {
    for (let left = 15; left > 0; left--) {
      if (knownNetworks(await this.#objects() ?? {}).has(`${ssid}_psk`)) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Returns what puts back what was there before. */
  #remember(ssid: string, passphrase: string): () => void {
    const path = join(this.folder, iwdFile(ssid, "psk"));
    let before: Uint8Array | undefined;
    try {
      before = Deno.readFileSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    const put = (content: Uint8Array) => {
      // iwd looks at files that are renamed into its folder.
      const half = join(this.folder, `.${crypto.randomUUID()}.new`);
      Deno.writeFileSync(half, content, { mode: 0o600 });
      Deno.renameSync(half, path);
    };
    put(new TextEncoder().encode(iwdPassphraseFile(passphrase)));
    return () => {
      if (before) put(before);
      else Deno.removeSync(path);
    };
  }

  /** Undefined where iwd does not run. */
  async #objects(): Promise<Objects | undefined> {
    try {
      const text = await this.#busctl(
        "/",
        "org.freedesktop.DBus.ObjectManager",
        "GetManagedObjects",
      );
      return Objects.parse(JSON.parse(text)).data[0];
    } catch (error) {
      if (error instanceof SystemFailure) return undefined;
      throw error;
    }
  }

  async #ordered(station: string): Promise<[string, number][]> {
    const text = await this.#busctl(station, `${SERVICE}.Station`, "GetOrderedNetworks");
    return Ordered.parse(JSON.parse(text)).data[0];
  }

  async #call(path: string, kind: string, method: string, timeoutMs?: number): Promise<void> {
    await this.#busctl(path, `${SERVICE}.${kind}`, method, timeoutMs);
  }

  #busctl(path: string, kind: string, method: string, timeoutMs = 10_000): Promise<string> {
    const bounds = ["--json=short", `--timeout=${Math.ceil(timeoutMs / 1000)}`];
    // It runs where there is a Wi-Fi device; who asks does not start it.
    const how = ["--system", "--auto-start=no", ...bounds];
    const args = [...how, "call", SERVICE, path, kind, method];
    return output("busctl", args, timeoutMs + 2_000);
  }
}

function stationPath(objects: Objects): string | undefined {
  return Object.keys(objects).find((path) => `${SERVICE}.Station` in objects[path]);
}

/** Object paths of remembered networks by `SSID_SECURITY`. */
function knownNetworks(objects: Objects): Map<string, string> {
  const known = new Map<string, string>();
  for (const path of Object.keys(objects)) {
    const match = KNOWN_PATH.exec(path);
    if (match && match[2] !== "hotspot") known.set(`${match[1]}_${match[2]}`, path);
  }
  return known;
}

function entry(
  key: string,
  { signal, known, connected = false }: {
    signal: number | null;
    known: boolean;
    connected?: boolean;
  },
): WifiNetwork {
  const [ssid, security] = key.split("_") as [string, WifiNetwork["security"]];
  return { ssid, name: ssidText(ssid), security, signal, connected, known };
}
