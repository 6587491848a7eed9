import { join } from "node:path";
import type { FromSession } from "../protocol/node.ts";
import type { SessionInfo, SessionSpec, Sharing } from "../protocol/session.ts";
import { logger } from "../system/log.ts";
import { removeLeftovers } from "./leftovers.ts";
import { SessionLink } from "./session_link.ts";
import { clearLogs, IdleSession, logTail, type SessionProcess } from "./session_process.ts";

const log = logger("node");
/** A fresh process has this long to open its control socket. */
const CONNECT_MS = 20_000;
/** A running session must answer a new agent within this time. */
const ANSWER_MS = 5_000;
/** Pauses before a prepared process that died is replaced; they double. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;
/** How long after a session's start the process for the next one is prepared. */
const REPLACE_MS = 3_000;
/** Logs of ended sessions that are kept. */
const KEEP_LOGS = 100;

interface RunningSession {
  info: SessionInfo;
  link?: SessionLink;
  /** What it is to be told as soon as it listens. */
  unsaid?: Sharing;
  logFile: string;
}

export interface SessionsHandler {
  update(session: SessionInfo): void;
  signal(sessionId: string, message: Extract<FromSession, { type: "signal" }>): void;
}

/**
 * The session processes of a node: started, spoken to, noticed when they die, and adopted when they
 * were started by an agent before this one.
 */
export class Sessions {
  readonly #running = new Map<string, RunningSession>();
  readonly #removing = new Set<Promise<void>>();
  #idle: SessionProcess | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #closed = false;
  #logsCleared = false;

  constructor(
    readonly runRoot: string,
    readonly logDir: string,
    readonly handler: SessionsHandler,
    readonly startProcess: (logDir: string) => SessionProcess = IdleSession.start,
    /** Whether {@linkcode prepare} does anything; else each session waits for its program's start. */
    readonly keepReady = true,
  ) {}

  list(): SessionInfo[] {
    return [...this.#running.values()].map((session) => session.info);
  }

  /** Keeps one process ready for the next session. Resolves when there is one; with false where there will be none. */
  prepare(): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    if (this.#idle) return this.#idle.prepared;
    if (!this.#logsCleared) clearLogs(this.logDir, KEEP_LOGS);
    this.#logsCleared = true;
    if (!this.keepReady) return Promise.resolve(false);
    const idle = this.#idle = this.startProcess(this.logDir);
    idle.exited.then((status) => {
      if (this.#idle !== idle) return;
      this.#idle = undefined;
      log.error("the prepared session process died", {
        code: status.code,
        signal: status.signal,
        tail: logTail(idle.logFile, 5),
      });
      idle.removeLog();
      // In a broken installation every one dies; the next Play tries too, and reports it.
      this.#retry = setTimeout(() => this.prepare(), this.#retryMs);
      this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
    });
    return idle.prepared;
  }

  /** Starts a session; its progress and failure come as updates. */
  async start(spec: SessionSpec): Promise<void> {
    const session: RunningSession = { info: startingInfo(spec), logFile: "" };
    this.#running.set(spec.id, session);
    this.handler.update(session.info);
    clearTimeout(this.#retry);
    const idle = this.#idle ?? this.startProcess(this.logDir);
    this.#idle = undefined;
    try {
      session.logFile = await idle.assign(spec, this.logDir);
      await Promise.race([
        this.#connect(session, spec.runDir, CONNECT_MS),
        idle.exited.then((status) => {
          if (!session.link) throw new Error(`its process ended with code ${status.code}`);
        }),
      ]);
    } catch (error) {
      this.#lost(session, (error as Error).message);
    }
    // Not before this one plays: on a small machine two program starts at once cost the player time.
    this.#retry = setTimeout(() => this.prepare(), REPLACE_MS);
  }

  /**
   * Finds sessions that an agent before this one started, and takes them over. One that does not
   * answer within `answerMs` is left alone: it ends after its orphan time.
   */
  async adopt(answerMs = ANSWER_MS): Promise<void> {
    const names = [...Deno.readDirSync(this.runRoot)].map(({ name }) => name);
    await Promise.all(names.map((name) => this.#adopt(name, answerMs)));
  }

  async #adopt(name: string, answerMs: number): Promise<void> {
    const runDir = join(this.runRoot, name);
    let link: SessionLink;
    try {
      link = await SessionLink.connect(join(runDir, "control.sock"), 0);
    } catch {
      // Nobody listens there: left over by a session that was killed.
      return await removeLeftovers(runDir, name);
    }
    const info = await firstUpdate(link, answerMs);
    if (!info) {
      link.close();
      return log.warn("a session does not answer and is not adopted", { session: name });
    }
    const session: RunningSession = { info, link, logFile: join(this.logDir, `${info.id}.log`) };
    this.#running.set(info.id, session);
    this.#attach(session, link);
    log.info("session adopted", { session: info.id, title: info.title, state: info.state });
    this.handler.update(info);
  }

  send(sessionId: string, message: Parameters<SessionLink["send"]>[0]): boolean {
    const link = this.#running.get(sessionId)?.link;
    link?.send(message);
    return link !== undefined;
  }

  /** What others of the house may do in a session; it says so of itself from now on. */
  share(sessionId: string, sharing: Sharing): void {
    const session = this.#running.get(sessionId);
    if (!session) return;
    session.info = { ...session.info, sharing };
    this.handler.update(session.info);
    if (session.link) session.link.send({ type: "share", sharing });
    else session.unsaid = sharing;
  }

  /** Shows something to all who play and watch; tells how many sessions there are. */
  warn(text: string): number {
    for (const id of this.#running.keys()) this.send(id, { type: "warn", text });
    return this.#running.size;
  }

  /** Lets go of all sessions; they run on until they are adopted or time out. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    for (const session of this.#running.values()) session.link?.close();
    this.#running.clear();
    const idle = this.#idle;
    this.#idle = undefined;
    await idle?.dispose();
    await Promise.all(this.#removing);
  }

  /** Ends all sessions and resolves when they are gone, after `timeoutMs` at the latest. */
  async endAll(reason: string, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (const id of this.#running.keys()) this.send(id, { type: "end", reason });
    while (this.#running.size > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #connect(session: RunningSession, runDir: string, timeoutMs: number): Promise<void> {
    const link = await SessionLink.connect(join(runDir, "control.sock"), timeoutMs);
    session.link = link;
    if (session.unsaid) link.send({ type: "share", sharing: session.unsaid });
    this.#attach(session, link);
    link.read();
  }

  #attach(session: RunningSession, link: SessionLink): void {
    const { id } = session.info;
    link.onMessage = (message) => {
      if (message.type === "signal") return this.handler.signal(id, message);
      session.info = message.session;
      this.handler.update(message.session);
    };
    link.onClose = () => {
      if (!this.#closed) this.#lost(session, "its process died");
    };
  }

  /** The process is gone; without a last word of its own it has crashed. */
  #lost(session: RunningSession, why: string): void {
    const { info } = session;
    if (this.#running.get(info.id) !== session) return;
    this.#running.delete(info.id);
    if (info.state !== "ended" && info.state !== "failed") {
      const tail = logTail(session.logFile, 8);
      log.error("session crashed", { session: info.id, why, log: session.logFile, tail });
      session.info = {
        ...info,
        state: "failed",
        reason: `The session crashed: ${why}. Its log: ${session.logFile}`,
        viewers: 0,
      };
      this.handler.update(session.info);
    }
    const removing = removeLeftovers(join(this.runRoot, info.id), info.id);
    this.#removing.add(removing);
    removing.finally(() => this.#removing.delete(removing));
  }
}

/** What a session says of itself when an agent connects; undefined where nothing comes. */
async function firstUpdate(link: SessionLink, timeoutMs: number): Promise<SessionInfo | undefined> {
  const { promise, resolve } = Promise.withResolvers<SessionInfo | undefined>();
  const timer = setTimeout(resolve, timeoutMs, undefined);
  link.onMessage = (message) => {
    if (message.type === "update") resolve(message.session);
  };
  link.onClose = () => resolve(undefined);
  link.read();
  const info = await promise;
  clearTimeout(timer);
  return info;
}

function startingInfo(spec: SessionSpec): SessionInfo {
  return {
    id: spec.id,
    gameId: spec.gameId,
    title: spec.title,
    node: spec.node,
    owner: spec.owner,
    ownerName: spec.ownerName,
    sharing: spec.sharing,
    state: "starting",
    step: "process",
    mode: spec.mode,
    viewers: 0,
    startedAt: Date.now(),
  };
}
