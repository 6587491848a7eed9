import type { Context } from "hono";
import { Hono } from "hono";
import { MAX_SIGNAL_BYTES } from "../../protocol/signal.ts";
import type { UiAssets } from "../../protocol/ui_assets.ts";
import { logger } from "../../system/log.ts";
import { MAX_LINK_MESSAGE, serveLink, tokenSecret } from "../../system/link.ts";
import { attempt } from "../accounts/limits.ts";
import { sameSecret } from "../accounts/token.ts";
import { participation } from "../rooms/access.ts";
import { isOver } from "../rooms/node_state.ts";
import type { Viewers } from "../rooms/viewers.ts";
import { StoreError } from "../store/store.ts";
import { HostCheck, withoutBrackets } from "./addresses.ts";
import { type ApiParts, apiRoutes, identify } from "./api.ts";
import type { ApiEnv } from "./api_env.ts";
import { assetPath, assetResponse } from "./assets.ts";
import { HttpError } from "./errors.ts";
import type { EventSockets } from "./events.ts";
import { admit, harden, mayServePlain, requireOwnOrigin, type Visit } from "./gate.ts";
import type { Arriving } from "./listener.ts";
import { appleProfile, authorityFile } from "./trust.ts";
import { acceptWebSocket, type Handshake } from "./web_socket.ts";

const log = logger("http");
/** Pages only listen on the events socket. */
const MAX_EVENT_BYTES = 1024;
/** Reachable without HTTPS: what a device needs before it trusts us. */
const PLAIN_PATHS = new Set([
  "/trust",
  "/ca.crt",
  "/ca.mobileconfig",
  "/healthz",
  "/readyz",
  "/api/state",
  "/api/trust",
]);

export interface ServerParts extends ApiParts {
  ui: UiAssets;
  events: EventSockets;
  viewers: Viewers;
  /** PEM; undefined with the owner's own certificate or without HTTPS. */
  authority: () => string | undefined;
  httpsPort: () => number | undefined;
  /** The secret that remote nodes must know. */
  nodeSecret: string;
  /** Throws where the coordinator cannot serve now. */
  checkReady: () => Promise<void>;
}

/** The handler of both listeners: everything that the coordinator says over HTTP. */
export function createHandler(
  parts: ServerParts,
): (request: Request, arriving: Arriving) => Promise<Response> {
  const hosts = new HostCheck(parts.config.http.names);
  const app = routes(parts);
  return async (request, { peer: address, tls, handshake }) => {
    const started = performance.now();
    const peer = withoutBrackets(address);
    const { pathname } = new URL(request.url);
    let response: Response;
    try {
      const visit = admit(request, { peer, tls }, hosts);
      response = mayServePlain(visit, hosts) || isPlainPath(request, parts, pathname)
        ? await app.fetch(request, { visit, handshake })
        : toHttps(request, visit, parts.httpsPort());
    } catch (error) {
      response = failure(error, request, peer);
    }
    log.debug("request", {
      method: request.method,
      path: pathname,
      status: response.status,
      peer,
      ms: Math.round((performance.now() - started) * 10) / 10,
    });
    return harden(response, pathname);
  };
}

function isPlainPath(request: Request, { ui, httpsPort }: ServerParts, pathname: string): boolean {
  if (httpsPort() === undefined || PLAIN_PATHS.has(pathname)) return true;
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  if (pathname.startsWith("/api/")) return false;
  // The trust page's own files; other pages go to HTTPS.
  const asset = ui.get(assetPath(pathname));
  return asset !== undefined && !asset.type.startsWith("text/html");
}

function toHttps(request: Request, visit: Visit, port: number | undefined): Response {
  const url = new URL(request.url);
  // Written out: changing the protocol of a URL object would keep the port of plain HTTP.
  const location = `https://${visit.name}${
    port === 443 ? "" : `:${port}`
  }${url.pathname}${url.search}`;
  if (request.headers.get("upgrade")) {
    throw new HttpError("forbidden", `expected HTTPS: ${location}`);
  }
  // 307: the browser must ask again here should the house give up HTTPS.
  return new Response(null, { status: 307, headers: { location, "cache-control": "no-store" } });
}

function failure(error: unknown, request: Request, peer: string): Response {
  if (error instanceof HttpError) {
    if (error.error === "forbidden") {
      const { pathname } = new URL(request.url);
      log.warn("request refused", { path: pathname, peer, reason: error.message });
    }
    return error.response();
  }
  if (error instanceof StoreError) {
    log.error("the store failed", { error });
    return new HttpError("unavailable", "The house's memory does not answer. Try again shortly.", {
      "retry-after": "5",
    }).response();
  }
  log.error("request failed", { path: new URL(request.url).pathname, error });
  return new HttpError("internal", "Something went wrong; the log of Gamelan says what.")
    .response();
}

function routes(parts: ServerParts): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.onError((error, context) => failure(error, context.req.raw, context.env.visit.peer));

  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", async (context) => {
    try {
      await parts.checkReady();
      return context.text("ready\n");
    } catch (error) {
      return context.text(`not ready: ${(error as Error).message}\n`, 503);
    }
  });

  app.get("/ca.crt", () => authorityFile(requireAuthority(parts)));
  app.get(
    "/ca.mobileconfig",
    () => appleProfile(requireAuthority(parts), parts.config.house.name),
  );

  app.get("/api/events", (context) => eventSocket(context, parts));
  app.get("/api/sessions/:id/signal", (context) => signalSocket(context, parts));
  app.get("/api/node", (context) => nodeSocket(context, parts));
  app.route("/api", apiRoutes(parts));
  app.all("/api/*", () => {
    throw new HttpError("not-found", "There is no such request; see src/protocol/api.ts.");
  });

  app.on(["GET", "HEAD"], "*", (context) => {
    const { pathname } = new URL(context.req.url);
    const asset = parts.ui.get(assetPath(pathname));
    if (!asset) throw new HttpError("not-found", "There is no such file.");
    return assetResponse(context.req.raw, asset);
  });
  app.all("*", () => {
    throw new HttpError("not-found", "expected GET");
  });
  return app;
}

function requireAuthority(parts: ServerParts): string {
  const authority = parts.authority();
  if (authority) return authority;
  throw new HttpError("not-found", "This house needs no authority of its own.");
}

function requireUpgrade({ env, req }: Context<ApiEnv>): Handshake {
  if (env.handshake && req.header("upgrade")?.toLowerCase() === "websocket") return env.handshake;
  throw new HttpError("bad-request", "expected a WebSocket");
}

/** What a handler answers whose request has become a WebSocket; it is not sent. */
const upgraded = () => new Response(null, { status: 204 });

async function eventSocket(context: Context<ApiEnv>, parts: ServerParts): Promise<Response> {
  const handshake = requireUpgrade(context);
  requireOwnOrigin(context.req.raw, context.env.visit);
  const { user, guest } = await identify(context, parts.accounts);
  if (!user) throw new HttpError("unauthorized", "Sign in first.");
  if (!parts.events.hasRoom(user.id)) {
    throw new HttpError("rate-limited", "Too many open pages. Close some.", {
      "retry-after": "10",
    });
  }
  parts.events.add(acceptWebSocket(handshake, MAX_EVENT_BYTES), { user, guest }, parts.house);
  return upgraded();
}

async function signalSocket(context: Context<ApiEnv>, parts: ServerParts): Promise<Response> {
  const handshake = requireUpgrade(context);
  requireOwnOrigin(context.req.raw, context.env.visit);
  const identity = await identify(context, parts.accounts);
  if (!identity.user && !identity.guest) throw new HttpError("unauthorized", "Sign in first.");
  const session = parts.house.session(context.req.param("id") ?? "");
  const who = session && participation(session, identity);
  if (!session || !who) {
    throw new HttpError("not-found", "There is no such session. It may have ended.");
  }
  if (!isOver(session) && !parts.viewers.hasRoom(session, who)) {
    throw new HttpError("unavailable", "Too many screens watch this session already.");
  }
  parts.viewers.add(acceptWebSocket(handshake, 2 * MAX_SIGNAL_BYTES), session, who);
  return upgraded();
}

/** A node proves itself before it gets a socket, so that nobody else can send us anything. */
async function nodeSocket(context: Context<ApiEnv>, parts: ServerParts): Promise<Response> {
  const handshake = requireUpgrade(context);
  const { peer } = context.env.visit;
  if (context.req.header("origin")) throw new HttpError("forbidden", "expected no browser here");
  const counted = await attempt(parts.accounts.store, "node", peer);
  const token = context.req.header("authorization")?.match(/^Bearer (\S{1,300})$/)?.[1] ?? "";
  if (!sameSecret(tokenSecret(token), parts.nodeSecret)) {
    log.warn("a machine with a wrong token was refused", { peer });
    throw new HttpError(
      "unauthorized",
      "expected the token in the file node-token of the coordinator's data directory",
    );
  }
  await counted.succeeded();
  parts.house.attach(serveLink(acceptWebSocket(handshake, MAX_LINK_MESSAGE)));
  return upgraded();
}
