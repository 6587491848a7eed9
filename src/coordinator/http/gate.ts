import { HttpError } from "./errors.ts";
import { type HostCheck, isLoopback, splitHost, withoutBrackets } from "./addresses.ts";

/** What is known of a request besides its own words. */
export interface Arrival {
  /** Address of who connected. */
  peer: string;
  /** Came by our own HTTPS listener. */
  tls: boolean;
}

/** An arrival whose Host was accepted. */
export interface Visit extends Arrival {
  /** As the browser wrote it, such as `gamelan.local:8443`. */
  host: string;
  /** The same without port. */
  name: string;
  /** A browser treats the page as secure: HTTPS, ours or a proxy's, or localhost. */
  secure: boolean;
  /** Cookies may be marked Secure. */
  https: boolean;
}

/**
 * Looks at the Host of a request.
 *
 * @throws HttpError where it is none of ours
 */
export function admit(request: Request, arrival: Arrival, hosts: HostCheck): Visit {
  const host = request.headers.get("host") ?? "";
  const split = splitHost(host);
  if (!split || !hosts.accepts(split.name)) {
    throw new HttpError(
      "forbidden",
      "This house is not known by that name. Open it by its address, or add the name to " +
        "http.names in its configuration.",
    );
  }
  // A reverse proxy on this machine, under a name the owner configured, ends the TLS for us.
  const proxied = isLoopback(arrival.peer) && hosts.configured(split.name) &&
    request.headers.get("x-forwarded-proto") === "https";
  const https = arrival.tls || proxied;
  return { ...arrival, host, name: split.name, https, secure: https || isLocalName(split.name) };
}

const isLocalName = (name: string) => name === "localhost" || isLoopback(name);

/** Whether a request may be served over this connection, or has to come again by HTTPS. */
export function mayServePlain(visit: Visit, hosts: HostCheck): boolean {
  if (visit.https) return true;
  if (!isLoopback(visit.peer)) return false;
  return isLocalName(visit.name) || hosts.configured(withoutBrackets(visit.name));
}

/**
 * A page elsewhere can make a browser send requests here with our cookies, but cannot hide that it
 * did: the Origin must be the host that the request is for. Over HTTPS it must be HTTPS: a page of
 * the same name without it may come from anybody in the network.
 *
 * @throws HttpError where it is another, or missing
 */
export function requireOwnOrigin(request: Request, visit: Visit): void {
  const origin = request.headers.get("origin") ?? "";
  const schemes = visit.https ? ["https:"] : ["http:", "https:"];
  const own = URL.canParse(origin) && schemes.includes(new URL(origin).protocol) &&
    new URL(origin).host === canonicalHost(visit.host);
  if (!own) throw new HttpError("forbidden", "expected a request from a page of this house");
}

/** `host` the way URL writes it: without the scheme's own port. */
function canonicalHost(host: string): string {
  return host.toLowerCase().replace(/:(80|443)$/, "");
}

/** Everything comes from us, nothing frames us; player pages need the pad, keys and microphone. */
const SECURITY_HEADERS: Record<string, string> = {
  "content-security-policy": [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "media-src 'self' blob: mediastream:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy":
    "camera=(), geolocation=(), microphone=(self), gamepad=(self), fullscreen=(self), autoplay=(self)",
  "referrer-policy": "no-referrer",
  "server": "gamelan",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** Adds the security headers, and keeps API answers out of caches. */
export function harden(response: Response, path: string): Response {
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!response.headers.has(name)) response.headers.set(name, value);
  }
  if (path.startsWith("/api/") && !response.headers.has("cache-control")) {
    response.headers.set("cache-control", "no-store");
  }
  return response;
}
