import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import * as der from "./tls_der.ts";

/**
 * The house's own certificate authority and the server certificates it issues (RFC 5280, ECDSA P-256
 * with SHA-256).
 *
 * The authority can vouch only for names and addresses of a home network: a name constraint in its
 * certificate makes browsers refuse anything else, so that trusting it on a phone puts nobody's bank
 * at risk, whoever gets hold of its key.
 */

export interface KeyedCertificate {
  /** PEM */
  cert: string;
  /** PEM, PKCS #8 */
  key: string;
}

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** Browsers refuse server certificates of more than 398 days (CA/Browser Forum, 6.3.2). */
export const SERVER_DAYS = 397;
const SELF_SIGNED_DAYS = 365;

/** Names that no public authority gives out: everything below them is somebody's own network. */
const PRIVATE_SUFFIXES = [
  "local",
  "localhost",
  "lan",
  "home",
  "internal",
  "home.arpa",
  "localdomain",
];
/** Address and mask: private, shared, link-local and loopback (RFC 1918, 6598, 3927, 4193, 4291). */
const PRIVATE_NETWORKS: [string, number][] = [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["169.254.0.0", 16],
  ["127.0.0.0", 8],
  ["fc00::", 7],
  ["fe80::", 10],
  ["::1", 128],
];

const SIGNATURE = der.sequence(der.oid("1.2.840.10045.4.3.2"));
const GENERAL_NAME = { dns: 2, ip: 7 };

/** The bytes of an IPv4 or IPv6 address. @throws RangeError where it is neither */
export function addressBytes(address: string): Uint8Array {
  const v4 = address.split(".").map(Number);
  if (v4.length === 4 && v4.every((n) => Number.isInteger(n) && n >= 0 && n <= 255)) {
    return Uint8Array.from(v4);
  }
  if (!/^[0-9a-f:]+$/i.test(address) || !URL.canParse(`http://[${address}]`)) {
    throw new RangeError(`expected an IP address, got ${address}`);
  }
  const [head, tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const groups = (text: string | undefined) => text ? text.split(":") : [];
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(missing).fill("0"), ...groups(tail)];
  return Uint8Array.from(all.flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 255];
  }));
}

const isAddress = (name: string) => name.includes(":") || /^\d+(\.\d+){3}$/.test(name);

function maskBytes(length: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => {
    const ones = Math.min(8, Math.max(0, length - at * 8));
    return 256 - 2 ** (8 - ones);
  });
}

function inNetwork(address: Uint8Array, [network, length]: [string, number]): boolean {
  const base = addressBytes(network);
  if (base.length !== address.length) return false;
  const mask = maskBytes(length, base.length);
  return base.every((byte, at) => (address[at] & mask[at]) === byte);
}

/** Whether the house's authority may vouch for a name or address. `extra`: names of its own. */
export function isCoverable(name: string, extra: string[]): boolean {
  if (isAddress(name)) {
    return PRIVATE_NETWORKS.some((network) => inNetwork(addressBytes(name), network));
  }
  return [...PRIVATE_SUFFIXES, ...extra].some((suffix) =>
    name === suffix || name.endsWith(`.${suffix}`)
  );
}

/**
 * Makes an authority of its own key, valid for ten years.
 *
 * `houseName`: shown on the devices that trust it. `names`: host names it may vouch for besides those
 * of home networks.
 */
export function createAuthority(houseName: string, names: string[]): KeyedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  // A number in the name tells a house's old authority from its new one in a device's list.
  const name = distinguishedName(`${houseName} Gamelan ${randomBytes(3).toString("hex")}`);
  const constraints = [
    ...[...PRIVATE_SUFFIXES, ...names.filter((one) => !isAddress(one))].map((suffix) =>
      der.taggedPrimitive(GENERAL_NAME.dns, new TextEncoder().encode(suffix))
    ),
    ...PRIVATE_NETWORKS.map(([network, length]) => {
      const base = addressBytes(network);
      const both = new Uint8Array([...base, ...maskBytes(length, base.length)]);
      return der.taggedPrimitive(GENERAL_NAME.ip, both);
    }),
  ].map((base) => der.sequence(base));
  const extensions = [
    extension("2.5.29.19", true, der.sequence(der.boolean(true), der.integer(Uint8Array.of(0)))),
    // keyCertSign and cRLSign
    extension("2.5.29.15", true, der.bits(Uint8Array.of(0x06), 1)),
    extension("2.5.29.30", true, der.sequence(der.tagged(0, ...constraints))),
    extension("2.5.29.14", false, der.octets(keyId(publicKey))),
  ];
  const certificate = signed(name, name, publicKey, AUTHORITY_DAYS, extensions, privateKey);
  return { cert: certificate, key: privateKeyPem(privateKey) };
}

/**
 * Issues a server certificate for `names` (host names and addresses), signed by `authority`. The
 * answer's `cert` is the chain, server first.
 */
export function issueCertificate(authority: KeyedCertificate, names: string[]): KeyedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuerKey = createPrivateKey(authority.key);
  const issuer = new X509Certificate(authority.cert);
  const alternatives = names.map((name) =>
    isAddress(name)
      ? der.taggedPrimitive(GENERAL_NAME.ip, addressBytes(name))
      : der.taggedPrimitive(GENERAL_NAME.dns, new TextEncoder().encode(name))
  );
  const extensions = [
    extension("2.5.29.19", true, der.sequence()),
    // digitalSignature
    extension("2.5.29.15", true, der.bits(Uint8Array.of(0x80), 7)),
    // serverAuth
    extension("2.5.29.37", false, der.sequence(der.oid("1.3.6.1.5.5.7.3.1"))),
    extension("2.5.29.17", false, der.sequence(...alternatives)),
    extension("2.5.29.14", false, der.octets(keyId(publicKey))),
    extension(
      "2.5.29.35",
      false,
      der.sequence(der.taggedPrimitive(0, keyId(issuer.publicKey))),
    ),
  ];
  const subject = distinguishedName("Gamelan");
  const cert = signed(
    distinguishedName(commonName(issuer)),
    subject,
    publicKey,
    SERVER_DAYS,
    extensions,
    issuerKey,
  );
  return { cert: cert + authority.cert, key: privateKeyPem(privateKey) };
}

/**
 * Makes a certificate that no authority vouches for, signed by its own key: for peers that know its
 * fingerprint beforehand, as in WebRTC (RFC 8827, 6.5). Valid for a year.
 */
export function createSelfSigned(commonName: string): KeyedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = distinguishedName(commonName);
  const extensions = [extension("2.5.29.19", true, der.sequence())];
  const cert = signed(name, name, publicKey, SELF_SIGNED_DAYS, extensions, privateKey);
  return { cert, key: privateKeyPem(privateKey) };
}

/** SHA-256 of a PEM certificate (the first one of a chain). */
export function fingerprint(cert: string): Uint8Array {
  return createHash("sha256").update(new X509Certificate(cert).raw).digest();
}

function commonName(certificate: X509Certificate): string {
  const name = certificate.subject.match(/(?:^|\n)CN=(.*)/)?.[1];
  if (!name) throw new Error("expected the authority's certificate to have a common name");
  return name;
}

function distinguishedName(text: string): Uint8Array {
  // X.520 allows 64 characters in a common name.
  const plain = text.replaceAll(/[^\p{L}\p{N} .'-]/gu, " ").slice(0, 64).trim();
  return der.sequence(der.set(der.sequence(der.oid("2.5.4.3"), der.utf8(plain))));
}

function privateKeyPem(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}

/** Of the subject public key's bits, as RFC 5280, 4.2.1.2 (1). */
function keyId(key: KeyObject): Uint8Array {
  const info = key.export({ type: "spki", format: "der" });
  // The point is the last 65 bytes of a P-256 SubjectPublicKeyInfo.
  return createHash("sha1").update(info.subarray(-65)).digest();
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  const parts = critical ? [der.oid(id), der.boolean(true)] : [der.oid(id)];
  return der.sequence(...parts, der.octets(value));
}

function signed(
  issuer: Uint8Array,
  subject: Uint8Array,
  subjectKey: KeyObject,
  days: number,
  extensions: Uint8Array[],
  issuerKey: KeyObject,
): string {
  const serial = randomBytes(16);
  serial[0] &= 0x7f;
  // An hour back: phones' clocks differ.
  const from = Date.now() - 3_600_000;
  const body = der.sequence(
    der.tagged(0, der.integer(Uint8Array.of(2))),
    der.integer(serial),
    SIGNATURE,
    issuer,
    der.sequence(der.time(new Date(from)), der.time(new Date(from + days * DAY_MS))),
    subject,
    subjectKey.export({ type: "spki", format: "der" }),
    der.tagged(3, der.sequence(...extensions)),
  );
  const signature = sign("sha256", body, issuerKey);
  return der.pem("CERTIFICATE", der.sequence(body, SIGNATURE, der.bits(signature)));
}
