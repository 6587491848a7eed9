import type { HouseEvent, LibraryState, NodeInfo } from "../../protocol/api.ts";
import type { FromNode, Link, ToNode } from "../../protocol/node.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import type { SignalToViewer } from "../../protocol/signal.ts";
import { logger } from "../../system/log.ts";
import type { NodeRecord, Store } from "../store/store.ts";
import { ArtworkRequests } from "./artwork.ts";
import type { BusMessage, Dismissed } from "./bus.ts";
import { Cluster } from "./cluster.ts";
import { isOver, NodeState } from "./node_state.ts";

const log = logger("rooms");

/** A node that is silent for this long is gone: four heartbeats. */
const NODE_TIMEOUT_MS = 20_000;
/** Ended sessions stay in the list for this long, so that late pages learn why they ended. */
const KEEP_ENDED_MS = 300_000;

/** Who wants to hear what nodes and other coordinators say. */
export interface NodesListener {
  /** For everybody who is signed in, as far as it concerns them. */
  event(event: HouseEvent): void;
  /** For one viewer, who may be on another coordinator. */
  signal(sessionId: string, viewerId: string, message: SignalToViewer): void;
  session(session: SessionInfo): void;
  /** Somebody lost what let them in, here or at another coordinator. */
  dismissed(who: Dismissed): void;
}

/**
 * The machines of the house: a replica that every coordinator keeps of what they say, and the links
 * to those that are connected here. Nodes own the truth; a coordinator that restarts learns everything
 * from their `hello`.
 */
export class Nodes {
  readonly artwork = new ArtworkRequests((node, message) => this.command(node, message));
  readonly #nodes = new Map<string, NodeState>();
  readonly #links = new Map<string, Link<ToNode, FromNode>>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #sweep: ReturnType<typeof setInterval>;
  #closed = false;

  private constructor(readonly cluster: Cluster, readonly listener: NodesListener) {
    this.#sweep = setInterval(() => this.#forgetSilent(), 2_000);
  }

  /** Takes over what other coordinators know already. */
  static async open(store: Store, listener: NodesListener): Promise<Nodes> {
    const nodes = new Nodes(new Cluster(store), listener);
    await nodes.cluster.listen((message) => nodes.#hear(message), () => nodes.#catchUp());
    for (const record of await nodes.cluster.others()) nodes.#takeRecord(record);
    nodes.cluster.publish({ type: "ask" });
    return nodes;
  }

  all(): NodeState[] {
    return [...this.#nodes.values()];
  }

  named(name: string): NodeState | undefined {
    return this.#nodes.get(name);
  }

  /** The one that runs a session. */
  of(sessionId: string): NodeState | undefined {
    return this.all().find((node) => node.session(sessionId));
  }

  library(): LibraryState {
    const games = new Map<string, LibraryState["games"][number]>();
    for (const node of this.#nodes.values()) {
      if (!node.connected) continue;
      for (const game of node.games) if (!games.has(game.id)) games.set(game.id, game);
    }
    const imports = this.all().flatMap((node) => node.imports);
    return { games: [...games.values()], imports };
  }

  sessions(): SessionInfo[] {
    return this.all().flatMap((node) => node.sessions)
      .sort((a, b) => a.startedAt - b.startedAt);
  }

  infos(): NodeInfo[] {
    return this.all().map((node) => node.info());
  }

  /** Tells a node, whichever coordinator holds its link. */
  command(name: string, message: ToNode): void {
    const link = this.#links.get(name);
    if (link) link.send(message);
    else this.cluster.publish({ type: "to-node", node: name, message });
  }

  /** Takes note of what a node is about to say, so that it shows at once. */
  expect(name: string, message: Extract<FromNode, { type: "session-update" | "import-update" }>) {
    this.#receive(name, message);
  }

  /** Does something later, unless the house is closed before. */
  later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  }

  /** Serves a node. The first message must be its hello, again after each change of what it is. */
  attach(link: Link<ToNode, FromNode>): void {
    let name: string | undefined;
    link.onMessage = (message) => {
      if (message.type === "hello") {
        if (name !== undefined && name !== message.node) {
          return link.close(`expected the name ${name} again, got ${message.node}`);
        }
        name = message.node;
        this.#welcome(link, message);
      } else if (name === undefined) {
        return link.close(`expected hello first, got ${message.type}`);
      }
      this.#receive(name, message);
    };
    link.onClose = (reason) => {
      if (name === undefined || this.#links.get(name) !== link) return;
      this.#links.delete(name);
      log.info("machine disconnected", { node: name, reason });
      if (this.#closed) return;
      this.#lose(name);
      this.cluster.publish({ type: "node-gone", node: name });
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const names = [...this.#links.keys()];
    this.artwork.close();
    clearInterval(this.#sweep);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const link of this.#links.values()) link.close("the coordinator stops");
    await this.cluster.close(names);
  }

  /** The bus was interrupted: tells and asks everything anew. */
  #catchUp(): void {
    this.#tellRecords();
    this.cluster.publish({ type: "ask" });
  }

  /** To the other coordinators: all of the nodes whose links are here. */
  #tellRecords(): void {
    for (const name of this.#links.keys()) {
      const record = this.#nodes.get(name)?.record();
      if (record) this.cluster.publish({ type: "record", record });
      this.#save(name, 0);
    }
  }

  /** Takes over a node's whole state from the coordinator that holds its link. */
  #takeRecord(record: NodeRecord): void {
    if (this.#links.has(record.name)) return;
    const sessions = new Map(this.sessions().map((session) => [session.id, session.state]));
    this.#nodes.set(record.name, NodeState.from(record));
    this.artwork.forget();
    this.listener.event({ type: "nodes", nodes: this.infos() });
    this.listener.event({ type: "library", library: this.library() });
    this.listener.event({ type: "sessions", sessions: this.sessions() });
    for (const session of record.sessions) {
      if (sessions.get(session.id) !== session.state) this.#sessionChanged(session, false);
    }
  }

  #welcome(link: Link<ToNode, FromNode>, hello: Extract<FromNode, { type: "hello" }>): void {
    const before = this.#links.get(hello.node);
    if (before === link) return;
    this.#links.set(hello.node, link);
    if (before) {
      log.warn("a second machine took over this name", { node: hello.node });
      before.close("another machine connected with the same name");
    }
    log.info("machine connected", {
      node: hello.node,
      version: hello.version,
      games: hello.games.length,
      sessions: hello.sessions.length,
    });
  }

  /** What a node says through this coordinator. */
  #receive(name: string, message: FromNode): void {
    if (message.type === "artwork" && this.artwork.answered(message)) return;
    const safe = this.#withoutToken(message);
    this.#apply(name, safe, this.cluster.instance);
    this.cluster.publish({ type: "from-node", node: name, message: safe });
    this.#save(name, message.type === "hello" ? 0 : 300);
  }

  #withoutToken(message: FromNode): FromNode {
    return message.type === "hello" ? { ...message, token: undefined } : message;
  }

  /** Changes the replica and tells who listens. Also for what came through other coordinators. */
  #apply(name: string, message: FromNode, home: string): void {
    let node = this.#nodes.get(name);
    if (message.type === "hello") {
      node ??= NodeState.empty(name);
      this.#nodes.set(name, node);
    }
    // Not heard of yet: its next hello or record brings everything.
    if (!node) return;
    node.home = home;
    node.heard();
    switch (message.type) {
      case "hello": {
        const changed = node.hello(message);
        this.artwork.forget();
        this.listener.event({ type: "nodes", nodes: this.infos() });
        this.listener.event({ type: "library", library: this.library() });
        this.listener.event({ type: "sessions", sessions: this.sessions() });
        for (const session of changed) this.#sessionChanged(session, false);
        return;
      }
      case "heartbeat":
        node.load = message.load;
        node.freeMemoryMb = message.freeMemoryMb;
        return this.listener.event({ type: "nodes", nodes: this.infos() });
      case "library":
        node.games = message.games;
        this.artwork.forget();
        return this.listener.event({ type: "library", library: this.library() });
      case "import-update":
        if (node.putImport(message.job)) {
          this.listener.event({ type: "library", library: this.library() });
        }
        return this.listener.event({ type: "import", job: message.job });
      case "session-update": {
        const owner = this.of(message.session.id);
        if (owner && owner !== node) {
          log.warn("a machine spoke of another's session", { node: name, owner: owner.name });
          return;
        }
        const session = node.putSession(message.session);
        if (session) this.#sessionChanged(session, true);
        return;
      }
      case "artwork":
        return void this.artwork.answered(message);
      case "signal":
        if (this.of(message.sessionId) !== node) return;
        return this.listener.signal(message.sessionId, message.viewerId, message.message);
    }
  }

  #sessionChanged(session: SessionInfo, announce: boolean): void {
    if (announce) this.listener.event({ type: "session", session });
    this.listener.session(session);
    if (!isOver(session)) return;
    this.later(KEEP_ENDED_MS, () => {
      const node = this.of(session.id);
      if (!node || !isOver(node.session(session.id)!)) return;
      node.dropSession(session.id);
      this.listener.event({ type: "sessions", sessions: this.sessions() });
    });
  }

  #lose(name: string): void {
    const node = this.#nodes.get(name);
    if (!node?.connected) return;
    node.connected = false;
    this.listener.event({ type: "nodes", nodes: this.infos() });
    this.listener.event({ type: "library", library: this.library() });
  }

  #forgetSilent(): void {
    const now = Date.now();
    for (const [name, node] of this.#nodes) {
      if (!node.connected || now - node.heardAt < NODE_TIMEOUT_MS) continue;
      log.warn("machine went silent", { node: name, seconds: NODE_TIMEOUT_MS / 1000 });
      const link = this.#links.get(name);
      if (link) link.close("no heartbeat");
      this.#links.delete(name);
      this.#lose(name);
    }
  }

  #save(name: string, delayMs: number): void {
    this.cluster.save(name, () => this.#nodes.get(name)?.record(), NODE_TIMEOUT_MS, delayMs);
  }

  /** What another coordinator says. */
  #hear(received: BusMessage & { from: string }): void {
    switch (received.type) {
      case "to-node":
        return this.#links.get(received.node)?.send(received.message);
      case "from-node": {
        // A node that reconnected to another coordinator has left this one.
        const stale = received.message.type === "hello" && this.#links.get(received.node);
        if (stale) {
          this.#links.delete(received.node);
          stale.close("the machine connected to another coordinator");
        }
        return this.#apply(received.node, received.message, received.from);
      }
      case "node-gone":
        if (this.#nodes.get(received.node)?.home === received.from) this.#lose(received.node);
        return;
      case "dismissed":
        return this.listener.dismissed(received.who);
      case "ask":
        return this.#tellRecords();
      case "record":
        return this.#takeRecord(received.record);
    }
  }
}
