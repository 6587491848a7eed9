/** What the house's owner does with the machine itself: network, SSH keys, backup, factory reset. */
import { z } from "zod";
import { Id } from "./session.ts";

/** The bytes of a network's name (SSID), hexadecimal: 1 to 32 of any value, IEEE 802.11-2020, 9.4.2.2. */
export const Ssid = z.string().regex(
  /^([0-9a-f]{2}){1,32}$/,
  "expected 1 to 32 bytes in hexadecimal",
);

/** How a network is secured; the page connects to `open` and `psk` ones (WPA2, WPA3). */
export const WifiSecurity = z.enum(["open", "psk", "wep", "8021x"]);
export type WifiSecurity = z.infer<typeof WifiSecurity>;

export const WifiNetwork = z.object({
  ssid: Ssid,
  /** The same as text, where it is text; what is not is shown as �. */
  name: z.string().max(100),
  security: WifiSecurity,
  /** dBm, such as -55; null where it is remembered but not in reach. */
  signal: z.number().nullable(),
  connected: z.boolean(),
  /** This machine connects to it by itself. */
  known: z.boolean(),
});
export type WifiNetwork = z.infer<typeof WifiNetwork>;

export const WifiState = z.object({
  /** `none`: no Wi-Fi here; the others are iwd's words. */
  state: z.enum([
    "none",
    "off",
    "connected",
    "disconnected",
    "connecting",
    "disconnecting",
    "roaming",
  ]),
  networks: z.array(WifiNetwork).max(200),
});
export type WifiState = z.infer<typeof WifiState>;

/** IPv4 in dotted form or IPv6. */
export const IpAddress = z.union([z.ipv4(), z.ipv6()], { error: "expected an IP address" });

/** A wired interface's settings. */
export const WiredSetting = z.discriminatedUnion("method", [
  z.object({ method: z.literal("dhcp") }),
  z.object({
    method: z.literal("fixed"),
    address: z.ipv4("expected an IPv4 address such as 192.168.1.20"),
    /** Length of the network's part, such as 24. */
    prefix: z.number().int().min(1).max(30),
    gateway: z.ipv4("expected the router's IPv4 address"),
    dns: z.array(IpAddress).max(3).default([]),
  }),
]);
export type WiredSetting = z.infer<typeof WiredSetting>;

/** A name of Linux, as far as we write it to files. */
export const InterfaceName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/);

export const NetworkInterface = z.object({
  name: z.string(),
  kind: z.enum(["wired", "wifi"]),
  /** A cable is in, or a network is joined. */
  up: z.boolean(),
  /** Hardware address, `aa:bb:…`. */
  mac: z.string(),
  /** Mbit/s; null where unknown. */
  speed: z.number().nullable(),
  /** With the length of the network's part, such as 192.168.1.20/24. */
  addresses: z.array(z.string()),
  /** The router. */
  gateway: z.string().nullable(),
  /** What the page has set; absent where nothing was. Wired only. */
  setting: WiredSetting.nullable(),
});
export type NetworkInterface = z.infer<typeof NetworkInterface>;

export const NetworkState = z.object({
  interfaces: z.array(NetworkInterface),
  wifi: WifiState,
  /** A change of a wired interface that is taken back at `until` (ms since the epoch) unless kept. */
  pending: z.object({ name: z.string(), until: z.number() }).nullable(),
});
export type NetworkState = z.infer<typeof NetworkState>;

/** WPA passphrases are 8 to 63 printable ASCII characters, IEEE 802.11-2020, J.4.1. */
export const Passphrase = z.string().regex(
  /^[\x20-\x7e]{8,63}$/,
  "expected 8 to 63 characters: letters, digits and signs without accents",
);
export const WifiConnect = z.object({ ssid: Ssid, passphrase: Passphrase.optional() });
export const WifiForget = z.object({ ssid: Ssid, security: WifiSecurity });

export const WiredChange = z.object({ name: InterfaceName, setting: WiredSetting });
/** `url`: where the page is found afterwards, and keeps the change by its token. */
export const WiredChanged = z.object({
  until: z.number(),
  token: z.string(),
  address: z.string().nullable(),
});
export type WiredChanged = z.infer<typeof WiredChanged>;
export const WiredKeep = z.object({ token: z.string().max(100) });

export const SshKey = z.object({
  /** `SHA256:…`, as ssh-keygen -l shows it. */
  fingerprint: z.string(),
  type: z.string(),
  comment: z.string(),
});
export type SshKey = z.infer<typeof SshKey>;
export const SshKeys = z.object({ keys: z.array(SshKey) });
/** One line of an authorized_keys file. */
export const NewSshKey = z.object({ key: z.string().trim().min(1).max(4096) });
export const SshKeyGone = z.object({ fingerprint: z.string().max(100) });

/** The owner's password once more, and the word of {@linkcode ERASE_WORD}. */
export const ERASE_WORD = "erase";
export const FactoryReset = z.object({
  password: z.string().max(200),
  word: z.string().max(40),
});

/** What a backup can hold, in the order in which it is written and restored. */
export const BackupPart = z.enum(["config", "users", "identity", "saves", "games"]);
export type BackupPart = z.infer<typeof BackupPart>;
const BackupParts = z.array(BackupPart).min(1).max(BackupPart.options.length);

export const BackupRequest = z.object({ password: z.string().max(200), parts: BackupParts });
export const BackupJob = z.object({
  id: Id,
  state: z.enum(["packing", "ready", "failed"]),
  /** The part being packed. */
  part: BackupPart.nullable(),
  /** Of the whole file, once it is ready. */
  bytes: z.number().nullable(),
  /** Why it failed. */
  reason: z.string().nullable(),
});
export type BackupJob = z.infer<typeof BackupJob>;

/** Bytes of one piece of an upload: a slow network carries it within a request's time. */
export const UPLOAD_PIECE = 1 << 20;
export const UploadRequest = z.object({
  password: z.string().max(200),
  bytes: z.number().int().positive().max(2 ** 43),
});
/** How much of an upload has come. */
export const Upload = z.object({ id: Id, bytes: z.number(), received: z.number() });
export type Upload = z.infer<typeof Upload>;
export const BackupContent = z.object({
  host: z.string(),
  createdAt: z.string(),
  gamelan: z.string(),
  parts: z.array(z.object({ name: BackupPart, bytes: z.number() })),
});
export type BackupContent = z.infer<typeof BackupContent>;
/** `parts`: those to bring back. */
export const RestoreRequest = z.object({ parts: BackupParts });
/** `run` is another one after each start; `failure`: why the restore that it began with failed. */
export const RestoreOutcome = z.object({ run: z.string(), failure: z.string().nullable() });
/** Seconds until sessions end and the house comes back with the backup. */
export const Restoring = z.object({ seconds: z.number() });
