/**
 * A test double of a house: serves the built UI and answers its API from memory. Sessions have a
 * start that takes its steps and a real peer connection made by werift that takes the player's
 * channels; there is no picture unless a test sends one.
 *
 * `deno run -A tests/ui/mock_house.ts` serves it at http://127.0.0.1:8099 for looking at.
 */
import type { UiAssets } from "../../src/protocol/ui_assets.ts";
import type { z } from "zod";
import { InviteRequest, PlayRequest } from "../../src/protocol/api.ts";
import type { HouseEvent, HouseState, InviteInfo, NodeInfo, User } from "../../src/protocol/api.ts";
import type { GameInfo, ImportJob } from "../../src/protocol/library.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { MockSession } from "./mock_session.ts";
import { MockMachine } from "./mock_machine.ts";
import { MockSystem } from "./mock_system.ts";
import { MOCK_ART, MOCK_GAMES, MOCK_NODE } from "./mock_data.ts";

export const CLAIM_CODE = "GONG-2026";
export const PASSWORD = "saron-peking";

export interface MockOptions {
  claimed?: boolean;
  signedIn?: boolean;
  games?: GameInfo[];
  imports?: ImportJob[];
  sessions?: SessionInfo[];
  /** The machine is nothing but the house. */
  appliance?: boolean;
}

const OWNER: User = { id: "ayu", name: "Ayu", role: "owner" };

export class MockHouse {
  state: HouseState;
  games: GameInfo[];
  imports: ImportJob[];
  sessions = new Map<string, MockSession>();
  users: User[] = [OWNER, { id: "budi", name: "Budi", role: "player" }];
  nodes: NodeInfo[] = [MOCK_NODE];
  invites: InviteInfo[] = [];
  readonly machine = new MockMachine();
  readonly system = new MockSystem();
  /** Requests that changed something, for assertions: "POST /api/imports {…}". */
  requests: string[] = [];
  #listeners = new Set<WebSocket>();
  #server: Deno.HttpServer<Deno.NetAddr>;
  #timers = new Set<ReturnType<typeof setTimeout>>();
  #down = false;
  #invited = 1;

  constructor(readonly assets: UiAssets, options: MockOptions = {}, port = 0) {
    const { claimed = true, signedIn = true } = options;
    this.state = {
      claimed,
      version: "0.1.0",
      houseName: "Living room",
      user: claimed && signedIn ? OWNER : null,
      guestSession: null,
      secure: true,
      appliance: options.appliance ?? false,
    };
    this.games = options.games ?? structuredClone(MOCK_GAMES);
    this.imports = options.imports ?? [];
    for (const info of options.sessions ?? []) this.sessions.set(info.id, this.#session(info));
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** While down, every request fails and sockets are closed, as if the machine were off. */
  setDown(down: boolean): void {
    this.#down = down;
    if (down) { for (const socket of this.#listeners) socket.close(); }
  }

  emit(event: HouseEvent): void {
    for (const socket of this.#listeners) {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(event));
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const session of this.sessions.values()) await session.close();
    for (const socket of this.#listeners) socket.close();
    await this.#server.shutdown();
  }

  #later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  #session(info: SessionInfo): MockSession {
    return new MockSession(info, (changed) => this.emit({ type: "session", session: changed }));
  }

  #infos(): SessionInfo[] {
    return [...this.sessions.values()].map((session) => session.info);
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname;
    if (this.#down) return new Response(null, { status: 502 });
    if (path === "/ca.crt") return new Response("-----BEGIN CERTIFICATE-----\n");
    if (!path.startsWith("/api/")) return this.#asset(path);
    if (request.headers.get("upgrade") === "websocket") return this.#socket(request, path);
    const isJson = request.headers.get("content-type") === "application/json";
    const body = isJson ? await request.json() : undefined;
    const bytes = isJson ? 0 : (await request.arrayBuffer()).byteLength;
    if (request.method !== "GET") {
      this.requests.push(`${request.method} ${path} ${JSON.stringify(body ?? null)}`);
    }
    return this.system.answer(request.method, url, body, bytes) ??
      this.machine.answer(request.method, url, body, PASSWORD) ??
      this.#api(request.method, path, body);
  }

  #asset(path: string): Response {
    const asset = this.assets.get(path);
    if (!asset) return new Response("not found", { status: 404 });
    return new Response(asset.body, {
      headers: {
        "content-type": asset.type,
        "content-security-policy":
          "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; media-src 'self' blob: mediastream:; connect-src 'self' ws: wss:",
      },
    });
  }

  #api(method: string, path: string, body: Record<string, unknown>): Response {
    const [, , head, id, tail] = path.split("/");
    const fail = (status: number, error: string, message: string) =>
      Response.json({ error, message }, { status });
    switch (`${method} ${head}${tail ? `/${tail}` : id ? "/:id" : ""}`) {
      case "GET state":
        return Response.json(this.state);
      case "POST claim":
        if (body.code !== CLAIM_CODE) {
          return fail(403, "forbidden", "This is not the claim code that the machine shows.");
        }
        this.state = { ...this.state, claimed: true, user: { ...OWNER, name: String(body.name) } };
        return Response.json(this.state.user);
      case "POST login":
        if (body.password !== PASSWORD) {
          return fail(401, "unauthorized", "Name or password are not right.");
        }
        this.state = { ...this.state, user: OWNER };
        return Response.json(OWNER);
      case "POST logout":
        this.state = { ...this.state, user: null };
        return Response.json({});
      case "GET trust":
        return Response.json({
          httpsUrl: "https://gamelan.local:8443",
          caFingerprintSha256: Array.from(
            { length: 32 },
            (_, i) => ((i * 37 + 11) % 256).toString(16).padStart(2, "0").toUpperCase(),
          ).join(":"),
        });
      case "POST join":
        return this.#join(String(body.token)) ??
          fail(404, "not-found", "This invitation is over. Ask for a new one.");
    }
    if (!this.state.user && !this.state.guestSession) {
      return fail(401, "unauthorized", "Sign in first.");
    }
    switch (`${method} ${head}${tail ? `/${tail}` : id ? "/:id" : ""}`) {
      case "GET library":
        return Response.json({ games: this.games, imports: this.imports });
      case "POST imports":
        return Response.json(this.#import(String(body.source)));
      case "DELETE games/:id":
        this.games = this.games.filter((game) => game.id !== id);
        this.emit({ type: "library", library: { games: this.games, imports: this.imports } });
        return Response.json({});
      case "GET games/artwork":
        return MOCK_ART[id]
          ? new Response(MOCK_ART[id], { headers: { "content-type": "image/svg+xml" } })
          : fail(404, "not-found", "No artwork.");
      case "GET sessions":
        return Response.json(this.#infos());
      case "POST sessions":
        return Response.json(this.#play(PlayRequest.parse(body)));
      case "GET sessions/:id": {
        const session = this.sessions.get(id);
        return session ? Response.json(session.info) : fail(404, "not-found", "No such session.");
      }
      case "DELETE sessions/:id":
        this.sessions.get(id)?.change({ state: "ended", reason: "You ended the game." });
        return Response.json(this.sessions.get(id)?.info);
      case "PATCH sessions/:id":
        this.sessions.get(id)?.change({ sharing: body.sharing as SessionInfo["sharing"] });
        return Response.json(this.sessions.get(id)?.info);
      case "POST sessions/invites": {
        const { role, uses, hours } = InviteRequest.parse(body);
        const [createdAt, token] = [Date.now(), `${id}-token`];
        const expiresAt = createdAt + hours * 3_600_000;
        const invite: InviteInfo = {
          id: `i-${this.#invited++}`,
          sessionId: id,
          role,
          uses,
          guests: [],
          createdAt,
          expiresAt,
        };
        this.invites.push(invite);
        return Response.json({ ...invite, url: `/join#${token}`, token });
      }
      case "GET invites":
        return Response.json(this.invites);
      case "GET sessions/invites":
        return Response.json(this.invites.filter(({ sessionId }) => sessionId === id));
      case "DELETE invites/:id":
        this.invites = this.invites.filter((invite) => invite.id !== id);
        return Response.json({});
      case "GET users":
        return Response.json(this.users);
      case "POST users": {
        const { name, role } = body as unknown as User;
        const user: User = { id: name.toLowerCase(), name, role };
        this.users.push(user);
        return Response.json(user);
      }
      case "GET nodes":
        return Response.json(this.nodes);
    }
    return fail(404, "not-found", `No such request: ${method} ${path}`);
  }

  #import(source: string): ImportJob {
    const id = `import-${this.imports.length + 1}`;
    const name = source.slice(4);
    const steps = ["Reading the package list", "Downloading 12 of 40 packages", "Packing"];
    const job: ImportJob = { id, source, state: "running", step: steps[0], progress: 0 };
    this.imports.push(job);
    for (let i = 1; i <= 10; i++) {
      this.#later(i * 150, () => {
        Object.assign(job, {
          progress: i / 10,
          step: steps[Math.min(2, Math.floor(i / 4))],
          state: i === 10 ? "done" : "running",
        });
        this.emit({ type: "import", job });
        if (i < 10) return;
        const title = name[0].toUpperCase() + name.slice(1);
        this.games.push({ ...MOCK_GAMES[1], id: name, title, source, artwork: undefined });
        this.emit({ type: "library", library: { games: this.games, imports: this.imports } });
      });
    }
    return { ...job };
  }

  #play({ gameId, mode, sharing }: z.output<typeof PlayRequest>): SessionInfo {
    const game = this.games.find(({ id }) => id === gameId)!;
    const session = this.#session({
      id: `session-${this.sessions.size + 1}`,
      gameId,
      title: game.title,
      node: "gamelan",
      owner: this.state.user!.id,
      ownerName: this.state.user!.name,
      sharing,
      state: "starting",
      step: "process",
      mode,
      viewers: 0,
      startedAt: Date.now(),
    });
    this.sessions.set(session.info.id, session);
    const steps = ["display", "sound", "game", "first-frame"] as const;
    steps.forEach((step, i) => this.#later(60 * (i + 1), () => session.change({ step })));
    this.#later(400, () => session.change({ state: "playing", step: undefined }));
    return session.info;
  }

  #join(token: string): Response | undefined {
    const session = [...this.sessions.values()].find(({ info }) => token === `${info.id}-token`);
    if (!session) return undefined;
    if (!this.state.user) this.state = { ...this.state, guestSession: session.info.id };
    return Response.json(session.info);
  }

  #socket(request: Request, path: string): Response {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const signal = /^\/api\/sessions\/([^/]+)\/signal$/.exec(path);
    if (signal) {
      const session = this.sessions.get(signal[1]);
      if (session) session.accept(socket);
      else socket.onopen = () => socket.close(4004, "no such session");
      return response;
    }
    this.#listeners.add(socket);
    socket.onopen = () => {
      this.emit({ type: "sessions", sessions: this.#infos() });
    };
    socket.onclose = () => this.#listeners.delete(socket);
    return response;
  }
}

if (import.meta.main) {
  const { loadUiAssets } = await import("../../ui/assets.ts");
  const { buildUi } = await import("../../ui/build.ts");
  const dist = new URL("../../ui/dist", import.meta.url).pathname;
  await buildUi(dist);
  const house = new MockHouse(loadUiAssets(dist), {}, 8099);
  console.log(house.url);
}
