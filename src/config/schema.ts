import { z } from "zod";
import { IceServer, VideoMode } from "../protocol/session.ts";

/**
 * Every setting of Gamelan: the one schema behind the configuration file, the environment, the flags
 * and the commented example. A leaf's `form` completes "expected …", its `doc` is its comment in the
 * example file. Names are those of the file, so that a name found in one place is found in all.
 */

export interface KeyMeta {
  doc: string;
  /** Completes the sentence "expected …". */
  form: string;
}

const meta = (doc: string, form: string) => ({ doc, form });

const port = z.number().int().min(0).max(65535);
const portForm = "a port number from 1 to 65535, or 0 for any free one";
const hostName = /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$/;
const address = /^(\d{1,3}(\.\d{1,3}){3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$/;

/** `1920x1080@60` as a VideoMode. */
const modeText = z.string().regex(/^\d{3,4}x\d{3,4}@\d{1,3}$/).transform((text) => {
  const [width, height, fps] = text.split(/[x@]/).map(Number);
  return { width, height, fps };
}).pipe(VideoMode);

const udpPorts = z.tuple([z.number().int().min(1024).max(65535), z.number().int().max(65535)])
  .refine(([first, last]) => first <= last);

const udpPort = z.number().int().max(65535).refine((number) => number === 0 || number >= 1024);

const url = (protocols: string[]) =>
  z.string().refine((text) =>
    text === "" || (URL.canParse(text) && protocols.includes(new URL(text).protocol))
  );

export const ConfigSchema = z.strictObject({
  data_dir: z.string().default("").meta(meta(
    "Where the library, saves, accounts and certificates live. Empty: /var/lib/gamelan for root, " +
      "$XDG_DATA_HOME/gamelan (~/.local/share/gamelan) for others.",
    'a path, such as "/var/lib/gamelan"',
  )),
  house: z.strictObject({
    name: z.string().trim().min(1).max(60).default("Gamelan").meta(meta(
      "Shown at the top of the page and in the list of houses.",
      "a name of 1 to 60 characters",
    )),
  }).prefault({}),
  http: z.strictObject({
    host: z.string().regex(/^$|^[A-Za-z0-9.:-]+$/).default("").meta(meta(
      "Address to listen on. Empty: all addresses of this machine.",
      'an address such as "127.0.0.1", or "" for all',
    )),
    port: port.default(8080).meta(meta(
      "Plain HTTP. Serves this machine's own browser; sends the rest of the network to HTTPS.",
      portForm,
    )),
    names: z.array(z.string().regex(hostName)).default([]).meta(meta(
      "Further host names this house is reached by. The machine's own name and addresses, " +
        "localhost and gamelan.local are always accepted; any other name is refused (it would be " +
        "somebody else's page that points its name here).",
      'a list of host names, such as ["games.example.org"]',
    )),
  }).prefault({}),
  https: z.strictObject({
    enabled: z.boolean().default(true).meta(meta(
      "Browsers give gamepads and the keyboard lock to secure pages only.",
      "true or false",
    )),
    port: port.default(8443).meta(meta("HTTPS, for every device of the network.", portForm)),
  }).prefault({}),
  tls: z.strictObject({
    cert: z.string().default("").meta(meta(
      "Your own certificate chain (PEM). Empty: the house makes its own authority and certificate, " +
        "and /trust walks each device through trusting it. A changed file is taken up while running.",
      "the path of a PEM file",
    )),
    key: z.string().default("").meta(
      meta("The private key of `cert` (PEM).", "the path of a PEM file"),
    ),
  }).prefault({}),
  ice: z.strictObject({
    servers: z.array(z.strictObject(IceServer.shape)).default([]).meta(meta(
      "STUN and TURN servers, for players outside of this network. Not needed inside of it.",
      'a list such as [{ urls = "stun:stun.example.org" }, { urls = "turn:turn.example.org", ' +
        'username = "me", credential = "secret" }]',
    )),
    addresses: z.array(z.string().regex(address)).default([]).meta(meta(
      "Addresses offered to players' browsers. Empty: all of this machine's.",
      'a list of IP addresses, such as ["192.168.1.20"]',
    )),
    udp_port: udpPort.optional().meta(meta(
      "The UDP port for picture and sound of all games on a machine, to open in a firewall or to " +
        "forward. 0: each game has a port of its own, from udp_ports. Not set: 8444, or 0 where " +
        "udp_ports is set. Where the port is taken, games have ports of their own too.",
      "0, or a port number from 1024 to 65535, such as 8444",
    )),
    udp_ports: udpPorts.optional().meta(meta(
      "UDP ports for games that have one of their own. Not set: any free one.",
      "the first and the last port, such as [47000, 47099]",
    )),
  }).prefault({}),
  session: z.strictObject({
    grace_seconds: z.number().min(0).max(604800).default(180).meta(meta(
      "How long a game runs on with nobody watching, for example after Wi-Fi was lost.",
      "seconds from 0 to 604800",
    )),
    orphan_seconds: z.number().min(1).max(604800).default(600).meta(meta(
      "How long a game runs on while Gamelan itself is away, for example during its restart.",
      "seconds from 1 to 604800",
    )),
    max_mode: modeText.prefault("3840x2160@120").meta(meta(
      "The largest picture and highest rate that a player may ask for.",
      'WIDTHxHEIGHT@FPS of at most 3840x2160@120, such as "1920x1080@60"',
    )),
    max_bitrate_mbps: z.number().min(0.5).max(500).default(80).meta(meta(
      "Ceiling for one session's picture, in Mbit/s.",
      "Mbit/s from 0.5 to 500",
    )),
    keep_ready: z.boolean().default(true).meta(meta(
      "Whether a program is kept loaded for the next game, so that Play does not wait for its start. " +
        "Takes 65 MB of memory, and half a second of a processor at each start of Gamelan.",
      "true or false",
    )),
    max_sessions: z.number().int().min(1).max(256).default(8).meta(meta(
      "How many games may run on one machine at a time.",
      "a whole number from 1 to 256",
    )),
  }).prefault({}),
  sandbox: z.strictObject({
    memory_mb: z.number().int().min(64).default(4096).meta(meta(
      "Memory of one game.",
      "MiB, 64 or more",
    )),
    cpus: z.number().min(0).max(1024).default(0).meta(meta(
      "Processor cores that one game may keep busy. 0: all.",
      "a number of cores, such as 2 or 1.5, or 0 for all",
    )),
    pids: z.number().int().min(16).max(4194304).default(1024).meta(meta(
      "Processes and threads of one game.",
      "a whole number, 16 or more",
    )),
    scratch_mb: z.number().int().min(16).default(1024).meta(meta(
      "What one game may write outside of its saves. Thrown away when the game ends.",
      "MiB, 16 or more",
    )),
    saves_mb: z.number().int().min(1).default(4096).meta(meta(
      "What the saves of one player and game may take: above it the game does not start until they " +
        "are cleared (gamelan saves clear). Their snapshots may take as much again; the oldest go.",
      "MB, 1 or more",
    )),
  }).prefault({}),
  library: z.strictObject({
    first_import: z.string().regex(/^$|^deb:[a-z0-9][a-z0-9+.-]+$/).default("deb:chromium-bsu")
      .meta(meta(
        "A game to fetch on the first start, so that the library is not empty. Empty: none.",
        'deb:PACKAGE, or ""',
      )),
    trusted_keys: z.array(z.string().min(1)).default([]).meta(meta(
      "Public keys (ed25519, base64) whose signatures on game packages are trusted.",
      "a list of base64 texts",
    )),
  }).prefault({}),
  node: z.strictObject({
    name: z.string().regex(/^$|^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/).default("").meta(meta(
      "This machine's name in the house. Empty: its host name.",
      "up to 63 letters, digits, dots, dashes and underscores",
    )),
    coordinator: url(["http:", "https:", "ws:", "wss:"]).default("").meta(meta(
      "For `gamelan node`: the house this machine plays for.",
      'an address such as "https://gamelan.local:8443"',
    )),
    token: z.string().regex(/^$|^[\x21-\x7e]{16,200}$/).default("").meta(meta(
      "The secret shared by the coordinator and its other machines. Empty on the coordinator: it " +
        "makes one and keeps it in its data directory as `node-token`.",
      "16 to 200 characters without spaces",
    )),
  }).prefault({}),
  store: z.strictObject({
    redis: url(["redis:", "rediss:"]).default("").meta(meta(
      "Redis, for several coordinators in front of one house. Empty: a file in the data directory.",
      'an address such as "redis://10.0.0.5:6379"',
    )),
  }).prefault({}),
  log: z.strictObject({
    level: z.enum(["debug", "info", "warn", "error"]).default("info").meta(meta(
      "What is written to the log.",
      '"debug", "info", "warn" or "error"',
    )),
  }).prefault({}),
});

/** The checked settings, all defaults filled in; `data_dir` and `node.name` are never empty. */
export type Config = z.output<typeof ConfigSchema>;
/** What a configuration file may hold. */
export type ConfigInput = z.input<typeof ConfigSchema>;

/** One key of the file, such as `http.port`. */
export interface ConfigKey extends KeyMeta {
  name: string;
  /** The environment variable that overrides it, such as `GAMELAN_HTTP_PORT`. */
  env: string;
  schema: z.ZodType;
  /** What the file would have to say to get the default; undefined: nothing. */
  fallback: unknown;
}

function fallbackOf(schema: z.ZodType): unknown {
  const { def } = schema as unknown as { def: { type: string; defaultValue?: unknown } };
  return def.defaultValue;
}

function leaf(name: string, schema: z.ZodType): ConfigKey {
  const found = schema.meta() as unknown as KeyMeta | undefined;
  if (!found?.form) throw new Error(`the setting ${name} has no documentation in src/config`);
  const env = `GAMELAN_${name.replaceAll(".", "_").toUpperCase()}`;
  return { name, env, schema, fallback: fallbackOf(schema), doc: found.doc, form: found.form };
}

/** All keys in the order of the example file. */
export const configKeys: readonly ConfigKey[] = Object.entries(ConfigSchema.shape).flatMap(
  ([section, schema]) => {
    const inner = (schema as unknown as { def: { innerType?: z.ZodType } }).def.innerType;
    if (!(inner instanceof z.ZodObject)) return [leaf(section, schema)];
    return Object.entries(inner.shape).map(([key, value]) =>
      leaf(`${section}.${key}`, value as z.ZodType)
    );
  },
);
