import type { LibraryState, NodeInfo, PlayRequest } from "../../protocol/api.ts";
import type { ImportJob } from "../../protocol/library.ts";
import type { FromNode, Link, ToNode } from "../../protocol/node.ts";
import type { SessionInfo, Sharing } from "../../protocol/session.ts";
import { newId } from "../accounts/token.ts";
import type { Store } from "../store/store.ts";
import type { Artwork } from "./artwork.ts";
import type { Dismissed } from "./bus.ts";
import { Nodes, type NodesListener } from "./nodes.ts";
import { place } from "./scheduler.ts";

/** A node must confirm a session that it was told to start within this time. */
const START_TIMEOUT_MS = 15_000;

/** The house cannot do what was asked, for the reason in `message`. */
export class RefusedError extends Error {
  override name = "RefusedError";
  constructor(message: string, readonly missing = false) {
    super(message);
  }
}

/** What the people of the house ask for, done by its machines. */
export class House {
  private constructor(readonly machines: Nodes) {}

  /** Takes over what other coordinators know already. */
  static async open(store: Store, listener: NodesListener): Promise<House> {
    return new House(await Nodes.open(store, listener));
  }

  library(): LibraryState {
    return this.machines.library();
  }

  sessions(): SessionInfo[] {
    return this.machines.sessions();
  }

  session(id: string): SessionInfo | undefined {
    return this.machines.of(id)?.session(id);
  }

  nodes(): NodeInfo[] {
    return this.machines.infos();
  }

  /**
   * Chooses a machine and tells it to start.
   *
   * @throws RefusedError where no machine can
   */
  start(
    request: PlayRequest,
    owner: { id: string; name: string },
    maxSessions: number,
  ): SessionInfo {
    const placement = place(request.gameId, this.machines.all(), maxSessions);
    if ("refused" in placement) throw new RefusedError(placement.refused, placement.missing);
    const session: SessionInfo = {
      id: newId("s"),
      gameId: request.gameId,
      title: placement.game.title,
      node: placement.node.name,
      owner: owner.id,
      ownerName: owner.name,
      sharing: request.sharing,
      state: "starting",
      step: "process",
      mode: request.mode,
      viewers: 0,
      startedAt: Date.now(),
    };
    const { name } = placement.node;
    this.machines.expect(name, { type: "session-update", session });
    placement.node.unconfirmed.add(session.id);
    this.machines.command(name, {
      type: "start-session",
      sessionId: session.id,
      gameId: request.gameId,
      owner: owner.id,
      ownerName: owner.name,
      sharing: request.sharing,
      mode: request.mode,
      keyboard: request.keyboard,
      surround: request.surround,
    });
    this.machines.later(START_TIMEOUT_MS, () => {
      if (!this.machines.named(name)?.unconfirmed.delete(session.id)) return;
      const reason = `The machine ${name} did not answer. Is it switched on and in the network?`;
      this.machines.expect(name, {
        type: "session-update",
        session: { ...session, state: "failed", reason },
      });
    });
    return session;
  }

  /** @throws RefusedError where its machine is away */
  end(sessionId: string): void {
    const node = this.machines.of(sessionId);
    if (!node) return;
    if (!node.connected) {
      throw new RefusedError(`The machine ${node.name} is not connected; try again when it is`);
    }
    this.machines.command(node.name, { type: "end-session", sessionId });
  }

  /**
   * Changes what others of the house may do in a session.
   *
   * @throws RefusedError where its machine is away
   */
  share(sessionId: string, sharing: Sharing): SessionInfo {
    const node = this.machines.of(sessionId);
    if (!node?.connected) throw new RefusedError("The machine of this session is not connected");
    const session = { ...node.session(sessionId)!, sharing };
    const unconfirmed = node.unconfirmed.has(sessionId);
    this.machines.expect(node.name, { type: "session-update", session });
    // That was our own word, not the machine's.
    if (unconfirmed) node.unconfirmed.add(sessionId);
    this.machines.command(node.name, { type: "share-session", sessionId, sharing });
    return session;
  }

  /** @throws RefusedError where no machine is there to import to */
  import(source: string): ImportJob {
    const running = this.library().imports.find((job) =>
      job.source === source && (job.state === "waiting" || job.state === "running")
    );
    if (running) return running;
    const node = this.machines.all().find((candidate) => candidate.connected);
    if (!node) throw new RefusedError("No machine of this house is connected to import games to");
    const job: ImportJob = {
      id: newId("i"),
      source,
      state: "waiting",
      step: "Waiting",
      progress: 0,
    };
    this.machines.expect(node.name, { type: "import-update", job });
    this.machines.command(node.name, { type: "import-game", importId: job.id, source });
    return job;
  }

  /** False where no machine has it. */
  removeGame(gameId: string): boolean {
    const having = this.machines.all().filter((node) =>
      node.connected && node.games.some((game) => game.id === gameId && game.kind === "package")
    );
    for (const node of having) this.machines.command(node.name, { type: "remove-game", gameId });
    return having.length > 0;
  }

  /** A game's picture, from a machine that has it. */
  async artwork(gameId: string): Promise<Artwork | undefined> {
    const node = this.machines.all().find(({ connected, games }) =>
      connected && games.some((game) => game.id === gameId && game.artwork !== undefined)
    );
    return node && await this.machines.artwork.get(node.name, gameId);
  }

  /** To the machine that runs a session; nothing where it is away. */
  toSession(
    sessionId: string,
    message: Extract<ToNode, { type: "viewer-join" | "viewer-leave" | "signal" }>,
  ): void {
    const node = this.machines.of(sessionId);
    if (node) this.machines.command(node.name, message);
  }

  /** Tells all coordinators that somebody lost what let them in. */
  dismiss(who: Dismissed): void {
    this.machines.listener.dismissed(who);
    this.machines.cluster.publish({ type: "dismissed", who });
  }

  /** Serves a node. The first message must be its hello, again after each change of what it is. */
  attach(link: Link<ToNode, FromNode>): void {
    this.machines.attach(link);
  }

  async close(): Promise<void> {
    await this.machines.close();
  }
}
