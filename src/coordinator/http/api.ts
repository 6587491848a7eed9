import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import {
  ClaimRequest,
  type HouseState,
  ImportRequest,
  type InviteInfo,
  InviteRequest,
  JoinRequest,
  LoginRequest,
  NewUser,
  PlayRequest,
  SharingRequest,
  type TrustInfo,
} from "../../protocol/api.ts";
import { type SessionInfo, withinMode } from "../../protocol/session.ts";
import type { Config } from "../../config/config.ts";
import { type Accounts, type Grant, type Identity, publicUser } from "../accounts/accounts.ts";
import type { Artwork } from "../rooms/artwork.ts";
import { type House, RefusedError } from "../rooms/house.ts";
import { isOver } from "../rooms/node_state.ts";
import { mayKnow } from "../rooms/access.ts";
import type { UserRecord } from "../store/store.ts";
import {
  type ApiContext,
  type ApiEnv,
  idParam,
  requireOwner,
  requireUser,
  signInFirst,
} from "./api_env.ts";
import { readBody } from "./body.ts";
import { HttpError } from "./errors.ts";
import { requireOwnOrigin } from "./gate.ts";
import type { ApplianceControl, BackupControl } from "./machine.ts";
import { backupRoutes, machineRoutes, type OwnerParts, restoreRoutes } from "./owner_routes.ts";
import { type SystemControl, systemRoutes } from "./update_routes.ts";

/** What the API works on. */
export interface ApiParts {
  config: Config;
  version: string;
  accounts: Accounts;
  house: House;
  trust: () => TrustInfo;
  artwork: (gameId: string) => Promise<Artwork | undefined>;
  /** Where the machine is nothing but this house. */
  appliance?: ApplianceControl;
  /** Where the house's games are on this machine. */
  backups?: BackupControl;
  /** The system of an appliance. */
  system?: SystemControl;
}

const USER_COOKIE = "gamelan_session";
const GUEST_COOKIE = "gamelan_guest";
const CHANGES = new Set(["POST", "PUT", "PATCH", "DELETE"]);

/** Who a request comes from, by its cookies. */
export function identify(context: ApiContext, accounts: Accounts): Promise<Identity> {
  return accounts.identify(getCookie(context, USER_COOKIE), getCookie(context, GUEST_COOKIE));
}

/** The routes of src/protocol/api.ts, without its WebSockets. */
export function apiRoutes(parts: ApiParts): Hono<ApiEnv> {
  const { accounts, house, config } = parts;
  const api = new Hono<ApiEnv>();

  api.use(async (context, next) => {
    if (CHANGES.has(context.req.method)) requireOwnOrigin(context.req.raw, context.env.visit);
    context.set("identity", await identify(context, accounts));
    await next();
  });

  api.get("/state", async (context) => {
    const { user, guest } = context.get("identity");
    const state: HouseState = {
      claimed: await accounts.claimed(),
      version: parts.version,
      houseName: config.house.name,
      user: user ? publicUser(user) : null,
      guestSession: guest?.sessionId ?? null,
      secure: context.env.visit.secure,
      appliance: parts.appliance !== undefined,
    };
    return context.json(state);
  });

  api.get("/trust", (context) => context.json(parts.trust()));

  api.post("/claim", async (context) => {
    const body = await readBody(context.req.raw, ClaimRequest);
    const { user, grant } = await accounts.claim(body, context.env.visit.peer);
    signIn(context, grant);
    return context.json(publicUser(user));
  });

  api.post("/login", async (context) => {
    const body = await readBody(context.req.raw, LoginRequest);
    const { user, grant } = await accounts.login(body, context.env.visit.peer);
    signIn(context, grant);
    return context.json(publicUser(user));
  });

  api.post("/logout", async (context) => {
    const cookies = [USER_COOKIE, GUEST_COOKIE];
    await accounts.forget(cookies.map((name) => getCookie(context, name)));
    for (const name of cookies) deleteCookie(context, name, { path: "/" });
    return context.json({});
  });

  api.get("/library", (context) => {
    const { user, guest } = context.get("identity");
    if (!user && !guest) throw signInFirst();
    return context.json(house.library());
  });

  api.post("/imports", async (context) => {
    requireOwner(context);
    const { source } = await readBody(context.req.raw, ImportRequest);
    return context.json(orRefuse(() => house.import(source)), 202);
  });

  api.delete("/games/:id", (context) => {
    requireOwner(context);
    const id = idParam(context);
    const running = house.sessions().find((session) => session.gameId === id && !isOver(session));
    if (running) {
      throw new HttpError("conflict", "This game is running. End it first, then remove it.");
    }
    if (!house.removeGame(id)) {
      throw new HttpError("not-found", "There is no such game that could be removed.");
    }
    return context.json({});
  });

  api.get("/games/:id/artwork", async (context) => {
    const { user, guest } = context.get("identity");
    if (!user && !guest) throw signInFirst();
    const artwork = await parts.artwork(idParam(context));
    if (!artwork) throw new HttpError("not-found", "This game has no artwork.");
    return new Response(artwork.body, {
      headers: {
        "content-type": artwork.type,
        "cache-control": "private, max-age=3600",
        // An SVG of somebody else's package must not run anything when it is opened by itself.
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      },
    });
  });

  api.get("/sessions", (context) => {
    requireUser(context);
    const identity = context.get("identity");
    return context.json(house.sessions().filter((session) => mayKnow(session, identity)));
  });

  api.post("/sessions", async (context) => {
    const user = requireUser(context);
    const request = await readBody(context.req.raw, PlayRequest);
    const { max_mode: most, max_sessions: maxSessions } = config.session;
    request.mode = withinMode(request.mode, most);
    return context.json(orRefuse(() => house.start(request, user, maxSessions)), 201);
  });

  api.get("/sessions/:id", (context) => {
    return context.json(findSession(context));
  });

  api.patch("/sessions/:id", async (context) => {
    const session = ownSession(context);
    const { sharing } = await readBody(context.req.raw, SharingRequest);
    if (isOver(session)) throw new HttpError("conflict", "This session is over.");
    return context.json(orRefuse(() => house.share(session.id, sharing)));
  });

  api.delete("/sessions/:id", (context) => {
    const session = managedSession(context);
    if (!isOver(session)) orRefuse(() => house.end(session.id));
    return context.json(house.session(session.id) ?? session);
  });

  api.post("/sessions/:id/invites", async (context) => {
    const session = ownSession(context);
    const request = await readBody(context.req.raw, InviteRequest);
    if (isOver(session)) throw new HttpError("conflict", "This session is over.");
    return context.json(await accounts.invite(session.id, request), 201);
  });

  api.get("/sessions/:id/invites", async (context) => {
    return context.json(await accounts.store.invites(managedSession(context).id));
  });

  api.get("/invites", async (context) => {
    return context.json(await invitesOf(requireUser(context)));
  });

  api.delete("/invites/:id", async (context) => {
    const id = idParam(context);
    const invite = (await invitesOf(requireUser(context))).find((one) => one.id === id);
    if (!invite || !await accounts.store.deleteInvite(invite.sessionId, id)) {
      throw new HttpError("not-found", "There is no such invitation. It may have ended.");
    }
    house.dismiss({ inviteId: id });
    return context.json({});
  });

  api.post("/join", async (context) => {
    const request = await readBody(context.req.raw, JoinRequest);
    const isOpen = (id: string) => {
      const session = house.session(id);
      return session !== undefined && !isOver(session);
    };
    const { peer } = context.env.visit;
    const { guest } = context.get("identity");
    const { sessionId, grant } = await accounts.join(request, peer, guest, isOpen);
    if (grant) setToken(context, GUEST_COOKIE, grant);
    return context.json(house.session(sessionId)!);
  });

  api.get("/users", async (context) => {
    requireOwner(context);
    return context.json((await accounts.store.users()).map(publicUser));
  });

  api.post("/users", async (context) => {
    requireOwner(context);
    const body = await readBody(context.req.raw, NewUser);
    return context.json(publicUser(await accounts.addUser(body)), 201);
  });

  api.delete("/users/:id", async (context) => {
    requireOwner(context);
    const id = idParam(context);
    await accounts.removeUser(id);
    house.dismiss({ userId: id });
    return context.json({});
  });

  api.get("/nodes", (context) => {
    requireOwner(context);
    return context.json(house.nodes());
  });

  const { appliance, backups } = parts;
  const owner: OwnerParts = { accounts, appliance, backups, houseName: config.house.name };
  api.route("/machine", machineRoutes(owner));
  api.route("/backups", backupRoutes(owner));
  api.route("/restores", restoreRoutes(owner));
  api.route("/system", systemRoutes(parts.system));

  function findSession(context: ApiContext): SessionInfo {
    const { user, guest } = context.get("identity");
    if (!user && !guest) throw signInFirst();
    const id = idParam(context);
    const session = house.session(id);
    // Whoever may not know of a session gets the same answer as for one that is not there.
    if (!session || !mayKnow(session, { user, guest })) {
      throw new HttpError("not-found", "There is no such session. It may have ended.");
    }
    return session;
  }

  /** For what only its owner may do. */
  function ownSession(context: ApiContext): SessionInfo {
    const session = findSession(context);
    if (context.get("identity").user?.id !== session.owner) throw notYours(context);
    return session;
  }

  /** For what its owner and the house's may do. */
  function managedSession(context: ApiContext): SessionInfo {
    const session = findSession(context);
    const { user } = context.get("identity");
    if (user?.role !== "owner" && user?.id !== session.owner) throw notYours(context);
    return session;
  }

  async function invitesOf(user: UserRecord): Promise<InviteInfo[]> {
    const managed = house.sessions().filter((session) =>
      user.role === "owner" || session.owner === user.id
    );
    return (await Promise.all(managed.map(({ id }) => accounts.store.invites(id)))).flat();
  }

  return api;
}

function notYours(context: ApiContext): HttpError {
  return context.get("identity").user
    ? new HttpError("forbidden", "This session is somebody else's.")
    : new HttpError("forbidden", "A guest may only watch or play.");
}

function orRefuse<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    throw new HttpError(error.missing ? "not-found" : "unavailable", error.message);
  }
}

function signIn(context: ApiContext, grant: Grant): void {
  setToken(context, USER_COOKIE, grant);
}

/** Lax, so that an invitation opened from a chat finds its user signed in. */
function setToken(context: ApiContext, name: string, { token, maxAgeMs }: Grant): void {
  setCookie(context, name, token, {
    path: "/",
    httpOnly: true,
    sameSite: "Lax",
    secure: context.env.visit.https,
    maxAge: Math.floor(maxAgeMs / 1000),
  });
}
