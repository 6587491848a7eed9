import { join } from "node:path";
import { loadavg } from "node:os";
import type { Config } from "../config/config.ts";
import { GameLibrary } from "../games/library.ts";
import type { Capability, GameInfo } from "../protocol/library.ts";
import { FromNode, type Link, MAX_LINK_ARTWORK, type ToNode } from "../protocol/node.ts";
import type { SessionInfo, SessionSource, SessionSpec } from "../protocol/session.ts";
import { ensureBrowsersFindNetwork } from "../system/local_network.ts";
import { logger } from "../system/log.ts";
import { importId, Imports } from "./imports.ts";
import { Inbox } from "./inbox.ts";
import { makeRunRoot } from "./run_root.ts";
import { IdleSession } from "./session_process.ts";
import { Sessions } from "./sessions.ts";
import { UdpPorts, wantedUdpPort } from "./udp_ports.ts";
import { watchFolder } from "./watch.ts";

const log = logger("node");
const HEARTBEAT_MS = 5_000;

/** The built-in game of every node. */
export const testcardInfo: GameInfo = {
  id: "testcard",
  title: "Test card",
  kind: "testcard",
  description:
    "Moving picture, clock, flash and beep: checks the picture, the sound, your controllers and the latency.",
  license: "MIT",
  source: "built in",
  version: "",
  bytes: 0,
  players: 4,
  wants: [],
  signature: "trusted",
};

export interface NodeOptions {
  config: Config;
  version: string;
  /** What this machine can do; found by `gamelan doctor` in a process of its own. */
  capabilities: () => Promise<Capability[]>;
  /** X11 displays to offer as games, such as ":0". */
  desktops?: string[];
}

/** The agent on a streaming machine: library, imports, sessions, heartbeat, for one coordinator. */
export class NodeAgent {
  readonly #sessions: Sessions;
  readonly #imports: Imports;
  readonly #inbox: Inbox;
  readonly #library: GameLibrary;
  readonly #runRoot: string;
  readonly #udp: UdpPorts;
  #link: Link<FromNode, ToNode> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #endWatching: (() => Promise<void>) | undefined;
  #prepared = Promise.resolve(false);
  #closed = false;
  #games: GameInfo[] = [];
  #capabilities: Capability[] = [];

  constructor(readonly options: NodeOptions) {
    const { config } = options;
    this.#runRoot = makeRunRoot(config.data_dir);
    this.#udp = new UdpPorts(this.#runRoot);
    this.#library = new GameLibrary({
      dataDir: config.data_dir,
      trustedKeys: config.library.trusted_keys,
    });
    this.#sessions = new Sessions(
      this.#runRoot,
      join(config.data_dir, "logs"),
      {
        update: (session) => this.#sessionUpdate(session),
        signal: (sessionId, { viewerId, message }) =>
          this.#link?.send({ type: "signal", sessionId, viewerId, message }),
      },
      IdleSession.start,
      config.session.keep_ready,
    );
    this.#imports = new Imports(this.#library, {
      update: (job) => {
        this.#link?.send({ type: "import-update", job });
        this.#inbox.update(job);
      },
      changed: () => this.#refreshLibrary(),
    });
    this.#inbox = new Inbox(config.data_dir, this.#imports);
  }

  /** Begins to keep a session process ready; {@linkcode start} would too. Its code loads meanwhile. */
  prepare(): void {
    this.#prepared = this.#sessions.prepare();
  }

  /** Reads the library, adopts running sessions and keeps a session process ready. */
  async start(): Promise<void> {
    const { folders } = this.#library;
    await folders.create();
    // Games come by `gamelan games import` and from a fleet's owner, too.
    this.#endWatching = watchFolder(folders.games, () => this.#refreshLibrary());
    this.#games = await this.#listGames();
    await this.#udp.open(wantedUdpPort(this.options.config));
    await this.#sessions.adopt();
    this.prepare();
    this.#heartbeat = setInterval(() => this.#sendHeartbeat(), HEARTBEAT_MS);
    await this.#inbox.open();
    // Not before a session could start: on a small machine what is asked there takes seconds.
    this.#prepared.then((prepared) => {
      if (prepared && !this.#closed) log.info("a session is prepared");
      return this.#findCapabilities();
    }).catch((error) => log.warn("the capabilities of this machine are unknown", { error }));
  }

  /** Serves this coordinator from now on. */
  attach(link: Link<FromNode, ToNode>, onClosed?: () => void): void {
    this.#link = link;
    link.onMessage = (message) => this.#message(message);
    link.onClose = (reason) => {
      if (this.#link === link) this.#link = undefined;
      log.info("link to the coordinator closed", { reason });
      onClosed?.();
    };
    this.#hello(link);
  }

  /** Imports a game as the coordinator would ask for it, as soon as a session could start. */
  async import(source: string): Promise<void> {
    await this.#prepared;
    if (this.#closed) return;
    this.#imports.add(importId(), source);
  }

  /** Shows something to all who play and watch here; tells how many sessions there are. */
  warn(text: string): number {
    return this.#sessions.warn(text);
  }

  /** Stops. With `endSessions` the games end too, else they run on to be adopted. */
  async close({ endSessions }: { endSessions: boolean }): Promise<void> {
    this.#closed = true;
    clearInterval(this.#heartbeat);
    await this.#endWatching?.();
    await this.#inbox.close();
    await this.#imports.close();
    if (endSessions) await this.#sessions.endAll("Gamelan was stopped", 15_000);
    await this.#sessions.close();
    await this.#udp.close();
    this.#link?.close("the node stops");
  }

  async #findCapabilities(): Promise<void> {
    if (this.#closed) return;
    this.#capabilities = await this.options.capabilities();
    if (this.#link) this.#hello(this.#link);
  }

  #hello(link: Link<FromNode, ToNode>): void {
    const { config, version } = this.options;
    link.send({
      type: "hello",
      node: config.node.name,
      version,
      token: config.node.token || undefined,
      capabilities: this.#capabilities,
      games: this.#games,
      sessions: this.#sessions.list(),
      imports: this.#imports.list(),
    });
    this.#sendHeartbeat();
  }

  #sessionUpdate(session: SessionInfo): void {
    if (session.state === "ended" || session.state === "failed") this.#udp.remove(session.id);
    else this.#udp.add(session.id);
    this.#link?.send({ type: "session-update", session });
  }

  #sendHeartbeat(): void {
    const load = loadavg()[0] / navigator.hardwareConcurrency;
    const freeMemoryMb = Deno.systemMemoryInfo().available / 1e6;
    this.#link?.send({ type: "heartbeat", load, freeMemoryMb });
  }

  async #listGames(): Promise<GameInfo[]> {
    const desktops = (this.options.desktops ?? []).map((display): GameInfo => ({
      ...testcardInfo,
      id: desktopId(display),
      title: `Desktop ${display}`,
      description: "The running X11 desktop of this machine.",
      license: "",
    }));
    return [testcardInfo, ...desktops, ...await this.#library.list()];
  }

  /** Tells of games that came, changed or went, by this process or another. */
  async #refreshLibrary(): Promise<void> {
    const games = await this.#listGames();
    if (JSON.stringify(games) === JSON.stringify(this.#games)) return;
    this.#games = games;
    this.#link?.send({ type: "library", games });
  }

  #message(message: ToNode): void {
    switch (message.type) {
      case "start-session":
        return void this.#startSession(message);
      case "end-session":
        this.#sessions.send(message.sessionId, { type: "end", reason: "The player ended it" });
        return;
      case "share-session":
        return this.#sessions.share(message.sessionId, message.sharing);
      case "viewer-join": {
        const { sessionId, viewerId, name, role } = message;
        this.#sessions.send(sessionId, { type: "viewer-join", viewerId, name, role });
        return;
      }
      case "viewer-leave":
        this.#sessions.send(message.sessionId, {
          type: "viewer-leave",
          viewerId: message.viewerId,
        });
        return;
      case "signal": {
        const { sessionId, viewerId } = message;
        const sent = this.#sessions.send(sessionId, {
          type: "signal",
          viewerId,
          message: message.message,
        });
        if (!sent) {
          this.#link?.send({
            type: "signal",
            sessionId,
            viewerId,
            message: { type: "bye", reason: "This session is over" },
          });
        }
        return;
      }
      case "import-game":
        return this.#imports.add(message.importId, message.source);
      case "remove-game":
        this.#library.remove(message.gameId)
          .then(() => this.#refreshLibrary())
          .catch((error) => log.error("game not removed", { game: message.gameId, error }));
        return;
      case "get-artwork":
        return void this.#sendArtwork(message);
    }
  }

  async #sendArtwork({ requestId, gameId }: Extract<ToNode, { type: "get-artwork" }>) {
    const link = this.#link;
    const found = await this.#library.artwork(gameId).catch((error) =>
      log.warn("artwork not read", { game: gameId, error })
    );
    const picture = found && found.bytes.length <= MAX_LINK_ARTWORK
      ? { type: found.type, base64: found.bytes.toBase64() }
      : undefined;
    const answer = FromNode.safeParse({ type: "artwork", requestId, picture });
    link?.send(answer.data ?? { type: "artwork", requestId });
  }

  async #startSession(message: Extract<ToNode, { type: "start-session" }>): Promise<void> {
    const { config } = this.options;
    const runDir = join(this.#runRoot, message.sessionId);
    const game = this.#games.find((candidate) => candidate.id === message.gameId);
    const spec: SessionSpec = {
      id: message.sessionId,
      title: game?.title ?? message.gameId,
      owner: message.owner,
      ownerName: message.ownerName,
      sharing: message.sharing,
      node: config.node.name,
      gameId: message.gameId,
      source: this.#source(message.gameId),
      mode: message.mode,
      maxMode: config.session.max_mode,
      keyboard: message.keyboard,
      surround: message.surround,
      iceServers: config.ice.servers,
      iceAddresses: config.ice.addresses,
      udpPort: this.#udp.port,
      udpPorts: config.ice.udp_ports,
      runDir,
      dataDir: config.data_dir,
      graceSeconds: config.session.grace_seconds,
      orphanSeconds: config.session.orphan_seconds,
      maxBitrateMbps: config.session.max_bitrate_mbps,
      limits: {
        memoryMb: config.sandbox.memory_mb,
        cpus: config.sandbox.cpus,
        pids: config.sandbox.pids,
        scratchMb: config.sandbox.scratch_mb,
        savesMb: config.sandbox.saves_mb,
      },
    };
    Deno.mkdirSync(runDir, { mode: 0o700 });
    ensureBrowsersFindNetwork();
    await this.#sessions.start(spec);
  }

  #source(gameId: string): SessionSource {
    if (gameId === testcardInfo.id) return { kind: "testcard" };
    const display = this.options.desktops?.find((candidate) => desktopId(candidate) === gameId);
    if (display) return { kind: "x11", display };
    return { kind: "package", gameId };
  }
}

/** The library id of an X11 display: `:0.0` is `desktop-0-0`. */
export function desktopId(display: string): string {
  return "desktop-" + display.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}
