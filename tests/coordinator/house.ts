/** A coordinator on loopback for tests, a node that says what a test wants, and clients of both. */
import { join } from "node:path";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { WebSocket } from "ws";
import { type Config, loadConfig } from "../../src/config/config.ts";
import { type Coordinator, startCoordinator } from "../../src/coordinator/coordinator.ts";
import type { UiAssets } from "../../src/protocol/ui_assets.ts";
import type { CoordinatorOptions } from "../../src/coordinator/coordinator.ts";
import { createLinkPair } from "../../src/system/link.ts";
import { logSettings } from "../../src/system/log.ts";
import type { FromNode, Link, ToNode } from "../../src/protocol/node.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import type { GameInfo } from "../../src/protocol/library.ts";

// Refusals are what most of these tests are about.
logSettings.level = "error";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A page, its script and a picture: what the built UI has, in small. */
export const testUi: UiAssets = {
  get(path) {
    if (path === "/app-1a2b.js") {
      const body = bytes("// script\n".repeat(400));
      return { body, type: "text/javascript; charset=utf-8", immutable: true, etag: '"js"' };
    }
    const isPage = !path.slice(path.lastIndexOf("/")).includes(".") && !path.startsWith("/api");
    if (!isPage && path !== "/index.html") return undefined;
    const body = bytes("<!doctype html><title>House</title>");
    return { body, type: "text/html; charset=utf-8", immutable: false, etag: '"page"' };
  },
};

export interface TestHouse extends AsyncDisposable {
  coordinator: Coordinator;
  config: Config;
  url: string;
}

/** Starts a coordinator on free loopback ports with a data directory of its own. */
export async function startTestHouse(
  flags: Record<string, string | number | boolean> = {},
  options: Partial<CoordinatorOptions> = {},
): Promise<TestHouse> {
  const own = flags.data_dir === undefined;
  const dataDir = own ? await Deno.makeTempDir({ prefix: "gamelan-coordinator-" }) : "";
  const file = own ? join(dataDir, "gamelan.toml") : await Deno.makeTempFile();
  await Deno.writeTextFile(file, "");
  const config = loadConfig({
    file,
    env: {},
    flags: {
      data_dir: dataDir,
      "http.host": "127.0.0.1",
      "http.port": 0,
      "https.port": 0,
      "https.enabled": false,
      ...flags,
    },
  });
  const coordinator = await startCoordinator({ config, ui: testUi, version: "0-test", ...options });
  return {
    coordinator,
    config,
    url: coordinator.url,
    async [Symbol.asyncDispose]() {
      await coordinator.close();
      await Deno.remove(own ? dataDir : file, { recursive: true });
    },
  };
}

export const testGame: GameInfo = {
  id: "testcard",
  title: "Test card",
  kind: "testcard",
  description: "",
  license: "MIT",
  source: "",
  version: "",
  bytes: 0,
  players: 1,
  wants: [],
  signature: "trusted",
};

/** A node in words only: records what it is told, and says what a test makes it say. */
export class TestNode {
  readonly received: ToNode[] = [];
  #waiting: (() => void)[] = [];

  constructor(readonly link: Link<FromNode, ToNode>, readonly name = "box") {
    link.onMessage = (message) => {
      this.received.push(message);
      for (const wake of this.#waiting.splice(0)) wake();
    };
    link.onClose = () => {};
  }

  static attach(coordinator: Coordinator, name = "box", sessions: SessionInfo[] = []): TestNode {
    const [theirs, ours] = createLinkPair();
    coordinator.attachNode(theirs);
    const node = new TestNode(ours, name);
    node.hello({ sessions });
    return node;
  }

  hello(changes: Partial<Extract<FromNode, { type: "hello" }>> = {}): void {
    this.link.send({
      type: "hello",
      node: this.name,
      version: "0-test",
      capabilities: [],
      games: [testGame],
      sessions: [],
      imports: [],
      ...changes,
    });
    this.link.send({ type: "heartbeat", load: 0.1, freeMemoryMb: 4000 });
  }

  update(session: SessionInfo, changes: Partial<SessionInfo>): void {
    this.link.send({ type: "session-update", session: { ...session, ...changes } });
  }

  /** The first message of a type that has come or will come, taken out of the list. */
  async next<Type extends ToNode["type"]>(type: Type): Promise<Extract<ToNode, { type: Type }>> {
    for (;;) {
      const at = this.received.findIndex((message) => message.type === type);
      if (at >= 0) return this.received.splice(at, 1)[0] as Extract<ToNode, { type: Type }>;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  // deno-lint-ignore no-explicit-any -- tests look into answers of every form
  json: any;
}

/** A client like a browser: keeps cookies, sends its Origin; every header can be overridden. */
export class TestClient {
  cookies = new Map<string, string>();

  constructor(readonly url: string, readonly ca?: string) {}

  /** Sends a request as it is written: the path is not normalised. */
  send(
    method: string,
    path: string,
    options: { body?: unknown; raw?: string; headers?: Record<string, string | undefined> } = {},
  ): Promise<Answer> {
    const { protocol, hostname, port, host } = new URL(this.url);
    const raw = options.raw ?? (options.body === undefined ? "" : JSON.stringify(options.body));
    const headers: Record<string, string> = { host };
    if (method !== "GET" && method !== "HEAD") headers.origin = new URL(this.url).origin;
    if (raw) headers["content-type"] = "application/json";
    if (this.cookies.size > 0) headers.cookie = this.cookieHeader();
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      if (value === undefined) delete headers[name];
      else headers[name] = value;
    }
    const request = protocol === "https:" ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { host: hostname, port, method, path, headers, agent: false, ca: this.ca },
        (incoming) => {
          const chunks: Uint8Array[] = [];
          incoming.on("data", (chunk: Uint8Array) => chunks.push(chunk));
          incoming.on("error", reject);
          incoming.on("end", async () => {
            const text = await new Blob(chunks as Uint8Array<ArrayBuffer>[]).text();
            for (const cookie of incoming.headers["set-cookie"] ?? []) {
              const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/)!;
              if (/max-age=0/i.test(cookie)) this.cookies.delete(name);
              else this.cookies.set(name, value);
            }
            let json: unknown;
            try {
              json = JSON.parse(text);
            } catch {
              json = undefined;
            }
            resolve({ status: incoming.statusCode!, headers: incoming.headers, text, json });
          });
        },
      );
      outgoing.on("error", reject);
      outgoing.end(raw);
    });
  }

  get(path: string) {
    return this.send("GET", path);
  }

  post(path: string, body: unknown = {}) {
    return this.send("POST", path, { body });
  }

  delete(path: string) {
    return this.send("DELETE", path);
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  socket(path: string, headers: Record<string, string> = {}): TestSocket {
    const url = new URL(path, this.url.replace(/^http/, "ws"));
    return new TestSocket(
      new WebSocket(url, {
        headers: { origin: new URL(this.url).origin, cookie: this.cookieHeader(), ...headers },
        ca: this.ca,
      }),
    );
  }
}

/** A WebSocket whose messages can be waited for. */
export class TestSocket {
  // deno-lint-ignore no-explicit-any -- tests look into messages of every form
  readonly received: any[] = [];
  closed: { code: number; reason: string } | undefined;
  #waiting: (() => void)[] = [];
  /** "open", or why it was not opened. */
  readonly opened: Promise<string>;

  constructor(readonly socket: WebSocket) {
    this.opened = new Promise((resolve) => {
      socket.on("open", () => resolve("open"));
      socket.on("error", (error) => resolve(error.message));
    });
    const wake = () => {
      for (const waiting of this.#waiting.splice(0)) waiting();
    };
    socket.on("message", (data) => {
      this.received.push(JSON.parse(data.toString()));
      wake();
    });
    socket.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      wake();
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The first message that fits, taken out of the list. */
  // deno-lint-ignore no-explicit-any -- as above
  async next(type: string, fits: (message: any) => boolean = () => true): Promise<any> {
    for (;;) {
      const at = this.received.findIndex((message) => message.type === type && fits(message));
      if (at >= 0) return this.received.splice(at, 1)[0];
      if (this.closed) throw new Error(`closed (${JSON.stringify(this.closed)}) before ${type}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async end(): Promise<{ code: number; reason: string }> {
    while (!this.closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.closed;
  }

  async close(code = 1000): Promise<void> {
    this.socket.close(code);
    await this.end();
  }
}

export const mode = { width: 1280, height: 720, fps: 60 };

/** Claims the house and returns its owner's client. */
export async function claim(house: TestHouse, ca?: string): Promise<TestClient> {
  const client = new TestClient(house.url, ca);
  const answer = await client.post("/api/claim", {
    code: house.coordinator.claimCode,
    name: "Ada",
    password: "correct horse",
  });
  if (answer.status !== 200) throw new Error(`claim answered ${answer.text}`);
  return client;
}

/** Adds a user and returns their signed-in client. */
export async function addPlayer(owner: TestClient, name: string): Promise<TestClient> {
  const password = "battery staple";
  const added = await owner.post("/api/users", { name, password, role: "player" });
  if (added.status !== 201) throw new Error(`adding a user answered ${added.text}`);
  const client = new TestClient(owner.url, owner.ca);
  const signedIn = await client.post("/api/login", { name, password });
  if (signedIn.status !== 200) throw new Error(`login answered ${signedIn.text}`);
  return client;
}

/** Starts the test card and lets the node confirm it as playing. */
export async function play(client: TestClient, node: TestNode): Promise<SessionInfo> {
  const answer = await client.post("/api/sessions", { gameId: "testcard", mode });
  if (answer.status !== 201) throw new Error(`play answered ${answer.text}`);
  await node.next("start-session");
  node.update(answer.json, { state: "playing", step: undefined });
  for (;;) {
    const { json } = await client.get(`/api/sessions/${answer.json.id}`);
    if (json.state === "playing") return json;
  }
}
