import { X509Certificate } from "node:crypto";
import { get as httpGet } from "node:http";
import { get as httpsGet } from "node:https";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Capability } from "../protocol/library.ts";
import { FIX_OFFLINE } from "../system/local_network.ts";
import { lanAddresses } from "./http/addresses.ts";
import { certificateProblem } from "./http/certificate.ts";
import { shownFingerprint } from "./http/trust.ts";

/** Gamelan did not exist before; a clock that says so has lost its battery. */
const EARLIEST = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;

/** The rows of `gamelan doctor` about the network: ports, certificate, addresses and the clock. */
export async function probeNetwork(config: Config): Promise<Capability[]> {
  const { http, https } = config;
  const rows = [await probePort("http-port", "HTTP port", http.host, http.port, "http.port")];
  if (https.enabled) {
    rows.push(await probePort("https-port", "HTTPS port", http.host, https.port, "https.port"));
    rows.push(probeCertificate(config), ...probeAuthority(config));
  }
  rows.push(probeAddresses(), probeClock(config.data_dir));
  if (config.store.redis) rows.push(await probeRedis(config.store.redis));
  return rows;
}

async function probePort(
  id: string,
  title: string,
  host: string,
  port: number,
  key: string,
): Promise<Capability> {
  const row = (status: Capability["status"], evidence: string, fix?: string): Capability => ({
    id,
    title,
    status,
    evidence,
    fix,
  });
  try {
    const listener = Deno.listen({ hostname: host || "0.0.0.0", port });
    const { port: found } = listener.addr as Deno.NetAddr;
    listener.close();
    return row("ok", port === 0 ? `any free one, such as ${found}` : `${port} is free`);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      return row(
        "missing",
        `${port} may be used by root only`,
        `Set ${key} to 1024 or more, or start Gamelan as root.`,
      );
    }
    if (!(error instanceof Deno.errors.AddrInUse)) {
      return row(
        "missing",
        (error as Error).message,
        "Set http.host to an address of this machine.",
      );
    }
  }
  if (await answersAsGamelan(host, port, key === "https.port")) {
    return row("ok", `Gamelan is serving on ${port}`);
  }
  return row(
    "missing",
    `${port} is taken by another program`,
    `Stop it (ss -ltnp shows it), or set ${key} to another port.`,
  );
}

/** The certificate is not looked at: who answers is asked, nothing is told. */
function answersAsGamelan(host: string, port: number, tls: boolean): Promise<boolean> {
  const target = ["", "0.0.0.0", "::"].includes(host) ? "127.0.0.1" : host;
  const get = tls ? httpsGet : httpGet;
  return new Promise((resolve) => {
    const request = get(
      { host: target, port, path: "/healthz", rejectUnauthorized: false, timeout: 2000 },
      (response) => {
        resolve(response.statusCode === 200 && response.headers.server === "gamelan");
        response.destroy();
      },
    );
    request.on("timeout", () => request.destroy(new Error("no answer")));
    request.on("error", () => resolve(false));
  });
}

function probeCertificate(config: Config): Capability {
  const row = { id: "certificate", title: "HTTPS certificate" };
  const { tls, data_dir: dataDir } = config;
  const path = tls.cert || join(dataDir, "tls", "server.crt");
  let cert: string;
  let key: string;
  try {
    cert = Deno.readTextFileSync(path);
    key = Deno.readTextFileSync(tls.key || join(dataDir, "tls", "server.key"));
  } catch (error) {
    if (!tls.cert && error instanceof Deno.errors.NotFound) {
      return { ...row, status: "ok", evidence: "is made on the first start" };
    }
    const fix = tls.cert ? "Correct tls.cert and tls.key." : `Remove ${dataDir}/tls.`;
    return { ...row, status: "missing", evidence: (error as Error).message, fix };
  }
  const problem = certificateProblem({ cert, key });
  if (problem) {
    const fix = tls.cert ? "Renew it." : "Start Gamelan again: it makes a new one.";
    return { ...row, status: "missing", evidence: `${path}: ${problem}`, fix };
  }
  const until = new X509Certificate(cert).validTo;
  const days = Math.floor((Date.parse(until) - Date.now()) / DAY_MS);
  const evidence = `${tls.cert ? "your own" : "by the house's authority"}, ${days} days left`;
  if (tls.cert && days < 14) {
    return { ...row, status: "warning", evidence, fix: `Renew ${tls.cert} before ${until}.` };
  }
  return { ...row, status: "ok", evidence };
}

/** For an owner to compare with what a device shows of the authority that it is to trust. */
function probeAuthority({ tls, data_dir: dataDir }: Config): Capability[] {
  if (tls.cert) return [];
  const row = { id: "authority", title: "House's authority" };
  try {
    const authority = Deno.readTextFileSync(join(dataDir, "tls", "ca.crt"));
    return [{ ...row, status: "ok", evidence: `SHA-256 ${shownFingerprint(authority)}` }];
  } catch {
    // Not made yet, or not for this user to read: the certificate's row says so.
    return [];
  }
}

function probeAddresses(): Capability {
  const row = { id: "addresses", title: "Network addresses" };
  const found = lanAddresses();
  if (found.length > 0) return { ...row, status: "ok", evidence: found.join(", ") };
  return {
    ...row,
    status: "warning",
    evidence: "only loopback: no other device can reach this machine, and Gamelan has to be root " +
      "for browsers on it to show a picture",
    fix: FIX_OFFLINE,
  };
}

/** Certificates and cookies end by the clock, so it has to be right within hours. */
function probeClock(dataDir: string): Capability {
  const row = { id: "clock", title: "Clock" };
  const now = Date.now();
  const evidence = new Date(now).toISOString();
  const fix = "Set the clock: timedatectl set-ntp true";
  if (now < EARLIEST) return { ...row, status: "missing", evidence: `${evidence} is past`, fix };
  let lastWritten = 0;
  for (const name of ["house.db", "house.db-wal", "version"]) {
    try {
      lastWritten = Math.max(lastWritten, Deno.statSync(join(dataDir, name)).mtime!.getTime());
    } catch {
      // Not written yet.
    }
  }
  if (lastWritten > now + 60_000) {
    const last = new Date(lastWritten).toISOString();
    const went = `${evidence}, but Gamelan wrote its data at ${last}: the clock went back`;
    return { ...row, status: "warning", evidence: went, fix };
  }
  return { ...row, status: "ok", evidence };
}

async function probeRedis(url: string): Promise<Capability> {
  const row = { id: "redis", title: "Shared store" };
  const { hostname, port } = new URL(url);
  const address = `${hostname}:${port || 6379}`;
  try {
    const connection = await Deno.connect({
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port || 6379),
      signal: AbortSignal.timeout(2000),
    });
    connection.close();
    return { ...row, status: "ok", evidence: `${address} accepts connections` };
  } catch (error) {
    return {
      ...row,
      status: "missing",
      evidence: `${address}: ${(error as Error).message}`,
      fix: "Start Redis there, or correct store.redis.",
    };
  }
}
