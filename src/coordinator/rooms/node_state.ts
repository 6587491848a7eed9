import type { NodeInfo } from "../../protocol/api.ts";
import type { Capability, GameInfo, ImportJob } from "../../protocol/library.ts";
import type { FromNode } from "../../protocol/node.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import type { NodeRecord } from "../store/store.ts";
import type { Candidate } from "./scheduler.ts";

/** Ended imports that are remembered of each node. */
const KEEP_IMPORTS = 20;
/** A node may list this many sessions at most, and each name one game. */
const MAX_SESSIONS = 1024;

/** Whether a session's life is over. */
export function isOver(session: SessionInfo): boolean {
  return session.state === "ended" || session.state === "failed";
}

/** What a coordinator knows of one node. */
export class NodeState implements Candidate {
  connected = true;
  home = "";
  version = "";
  load = 0;
  freeMemoryMb = 0;
  capabilities: Capability[] = [];
  games: GameInfo[] = [];
  heardAt = Date.now();
  /** Sessions that the node was told to start and has not spoken of yet. */
  readonly unconfirmed = new Set<string>();
  readonly #sessions = new Map<string, SessionInfo>();
  readonly #imports = new Map<string, ImportJob>();

  private constructor(readonly name: string) {}

  static empty(name: string): NodeState {
    return new NodeState(name);
  }

  static from(record: NodeRecord): NodeState {
    const node = new NodeState(record.name);
    const { home, version, load, freeMemoryMb, capabilities, games } = record;
    Object.assign(node, { home, version, load, freeMemoryMb, capabilities, games });
    for (const session of record.sessions) node.#sessions.set(session.id, session);
    for (const job of record.imports) node.#imports.set(job.id, job);
    return node;
  }

  get sessions(): SessionInfo[] {
    return [...this.#sessions.values()];
  }

  get imports(): ImportJob[] {
    return [...this.#imports.values()];
  }

  session(id: string): SessionInfo | undefined {
    return this.#sessions.get(id);
  }

  heard(): void {
    this.heardAt = Date.now();
    this.connected = true;
  }

  /** Takes over what the node says of itself. Returns the sessions that are new or changed by it. */
  hello(hello: Extract<FromNode, { type: "hello" }>): SessionInfo[] {
    this.version = hello.version;
    this.capabilities = hello.capabilities;
    this.games = hello.games;
    const changed = new Map<string, SessionInfo>();
    for (const session of hello.sessions) {
      const taken = this.putSession(session);
      if (taken) changed.set(taken.id, taken);
    }
    const listed = new Set(hello.sessions.map((session) => session.id));
    for (const session of this.sessions) {
      if (listed.has(session.id) || isOver(session) || this.unconfirmed.has(session.id)) continue;
      const reason = `The machine ${this.name} was restarted`;
      const taken = this.putSession({ ...session, state: "ended", reason, viewers: 0 });
      if (taken) changed.set(taken.id, taken);
    }
    this.#imports.clear();
    for (const job of hello.imports) this.putImport(job);
    return [...changed.values()];
  }

  /** Undefined where nothing comes of it: the session is over already, or there are too many. */
  putSession(update: SessionInfo): SessionInfo | undefined {
    const before = this.#sessions.get(update.id);
    if (before && isOver(before)) return undefined;
    if (!before && this.#sessions.size >= MAX_SESSIONS) return undefined;
    if (before) this.unconfirmed.delete(update.id);
    const { owner, ownerName } = before ?? update;
    const session = { ...update, node: this.name, owner, ownerName };
    this.#sessions.set(session.id, session);
    return session;
  }

  dropSession(id: string): void {
    this.#sessions.delete(id);
  }

  /** True where the job takes the place of one that was asked for meanwhile. */
  putImport(job: ImportJob): boolean {
    let replaced = false;
    for (const other of this.imports) {
      // A node imports a source once at a time, under the id that it heard first.
      if (other.source !== job.source || other.id === job.id || other.state !== "waiting") continue;
      replaced = this.#imports.delete(other.id);
    }
    this.#imports.set(job.id, job);
    const ended = this.imports.filter(({ state }) => state === "done" || state === "failed");
    for (const old of ended.slice(0, Math.max(0, ended.length - KEEP_IMPORTS))) {
      this.#imports.delete(old.id);
    }
    return replaced;
  }

  info(): NodeInfo {
    const { name, connected, version, load, freeMemoryMb, capabilities } = this;
    return { name, connected, version, load, freeMemoryMb, capabilities };
  }

  record(): NodeRecord {
    const { name, home, version, load, freeMemoryMb, capabilities, games, imports, sessions } =
      this;
    return { name, home, version, load, freeMemoryMb, capabilities, games, imports, sessions };
  }
}
