import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import { logger } from "../../system/log.ts";
import {
  createAuthority,
  fingerprint,
  isCoverable,
  issueCertificate,
  type KeyedCertificate,
} from "../../system/tls.ts";
import { lanAddresses, ownNames } from "./addresses.ts";

const log = logger("tls");
const RENEW_DAYS = 30;
const DAY_MS = 86_400_000;

/** The house's certificate cannot be used; the message says which file and what to do. */
export class CertificateError extends Error {
  override name = "CertificateError";
}

/** The names this machine's certificate should be for, those that the authority may vouch for. */
export function certificateNames(config: Config): string[] {
  const extra = extraNames(config);
  const wanted = [...ownNames(), ...config.http.names, "127.0.0.1", "::1", ...lanAddresses()];
  return [...new Set(wanted)].filter((name) => isCoverable(name, extra));
}

const extraNames = (config: Config) => [...ownNames(), ...config.http.names];

/**
 * What HTTPS is served with: the owner's certificate, or one by the house's own authority, both made
 * on the first start and kept in the data directory.
 */
export class HouseCertificate {
  #timer: ReturnType<typeof setInterval> | undefined;
  #stamp = "";

  private constructor(
    readonly config: Config,
    readonly folder: string,
    public current: KeyedCertificate,
    /** PEM of the authority that devices have to trust; undefined with the owner's certificate. */
    readonly authority: string | undefined,
  ) {}

  /** @throws CertificateError */
  static open(config: Config): HouseCertificate {
    const folder = join(config.data_dir, "tls");
    if (config.tls.cert) return new HouseCertificate(config, folder, readOwn(config), undefined);
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const authority = openAuthority(config, folder);
    const current = openServer(authority, folder, certificateNames(config));
    return new HouseCertificate(config, folder, current, authority.cert);
  }

  /** SHA-256 of the authority, lower-case hex. */
  get authoritySha256(): string | undefined {
    return this.authority && fingerprint(this.authority).reduce(
      (text, byte) => text + byte.toString(16).padStart(2, "0"),
      "",
    );
  }

  /** Calls `onChange` when the owner's files, or this machine's names, change, or the end is near. */
  watch(onChange: (certificate: KeyedCertificate) => void, everyMs = 60_000): void {
    this.#stamp = this.#fileStamp();
    this.#timer = setInterval(() => {
      try {
        const next = this.#renewed();
        if (!next) return;
        this.current = next;
        onChange(next);
      } catch (error) {
        log.error("the changed certificate cannot be used; the old one stays", { error });
      }
    }, everyMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #renewed(): KeyedCertificate | undefined {
    if (this.config.tls.cert) {
      const stamp = this.#fileStamp();
      if (stamp === this.#stamp) return undefined;
      // While one file is written and the other not yet, this throws and is tried again.
      const own = readOwn(this.config);
      this.#stamp = stamp;
      return own;
    }
    const authority = openAuthority(this.config, this.folder);
    const next = openServer(authority, this.folder, certificateNames(this.config));
    return next.cert === this.current.cert ? undefined : next;
  }

  #fileStamp(): string {
    const { cert, key } = this.config.tls;
    if (!cert) return "";
    return [cert, key].map((path) => Deno.statSync(path).mtime?.getTime()).join(" ");
  }
}

function readOwn({ tls }: Config): KeyedCertificate {
  const read = (path: string, key: string) => {
    try {
      return Deno.readTextFileSync(path);
    } catch (cause) {
      throw new CertificateError(`cannot read ${key} (${path})`, { cause });
    }
  };
  const own = { cert: read(tls.cert, "tls.cert"), key: read(tls.key, "tls.key") };
  const problem = certificateProblem(own);
  if (problem) throw new CertificateError(`${tls.cert}: ${problem}`);
  return own;
}

/** Why a certificate cannot be served, if it cannot. */
export function certificateProblem(own: KeyedCertificate): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(own.cert);
  } catch {
    return "expected a certificate in PEM form";
  }
  let key: KeyObject;
  try {
    key = createPublicKey(createPrivateKey(own.key));
  } catch {
    return "expected tls.key to be a private key in PEM form without a passphrase";
  }
  const point = (one: KeyObject) => one.export({ type: "spki", format: "der" });
  if (!point(key).equals(point(certificate.publicKey))) {
    return "expected tls.key to be the key of this certificate";
  }
  const until = Date.parse(certificate.validTo);
  if (until < Date.now()) return `the certificate ended on ${certificate.validTo}: renew it`;
  return undefined;
}

function openAuthority(config: Config, folder: string): KeyedCertificate {
  const kept = readPair(folder, "ca");
  if (kept && daysLeft(kept.cert) > 2 * RENEW_DAYS) return kept;
  const authority = createAuthority(config.house.name, extraNames(config));
  writePair(folder, "ca", authority);
  log.info("made the house's certificate authority", { folder });
  return authority;
}

function openServer(
  authority: KeyedCertificate,
  folder: string,
  names: string[],
): KeyedCertificate {
  const kept = readPair(folder, "server");
  if (kept && serves(kept.cert, authority.cert, names)) return kept;
  const extra = permittedNames(authority.cert, names);
  const server = issueCertificate(authority, extra);
  writePair(folder, "server", server);
  log.info("issued a server certificate", { names: extra });
  return server;
}

/**
 * Names that this very authority may vouch for: a host name that came after it was made is outside of
 * its constraint, and one such name would make the whole certificate invalid.
 */
function permittedNames(authority: string, names: string[]): string[] {
  const raw = new TextDecoder("latin1").decode(new X509Certificate(authority).raw);
  return names.filter((name) => isCoverable(name, []) || raw.includes(name));
}

function serves(cert: string, authority: string, names: string[]): boolean {
  const certificate = new X509Certificate(cert);
  const issuer = new X509Certificate(authority);
  if (!cert.includes(authority.trim()) || !certificate.verify(issuer.publicKey)) return false;
  if (daysLeft(cert) < RENEW_DAYS) return false;
  return permittedNames(authority, names).every((name) =>
    (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined
  );
}

function daysLeft(cert: string): number {
  return (Date.parse(new X509Certificate(cert).validTo) - Date.now()) / DAY_MS;
}

/** Undefined where there is none, or what is there cannot be read as one. */
function readPair(folder: string, name: string): KeyedCertificate | undefined {
  try {
    const cert = Deno.readTextFileSync(join(folder, `${name}.crt`));
    const key = Deno.readTextFileSync(join(folder, `${name}.key`));
    createPrivateKey(key);
    return new X509Certificate(cert).validTo ? { cert, key } : undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      log.warn("a certificate is made anew", { name, error });
    }
    return undefined;
  }
}

/** The key first, each by a rename: a power cut leaves no certificate without its key. */
function writePair(folder: string, name: string, pair: KeyedCertificate): void {
  for (const [file, text] of [[`${name}.key`, pair.key], [`${name}.crt`, pair.cert]]) {
    const path = join(folder, file);
    Deno.writeTextFileSync(`${path}.new`, text, { mode: 0o600 });
    Deno.chmodSync(`${path}.new`, 0o600);
    Deno.renameSync(`${path}.new`, path);
  }
}
