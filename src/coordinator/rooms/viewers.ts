import { WebSocket } from "ws";
import type { SessionInfo } from "../../protocol/session.ts";
import { SignalFromViewer, type SignalToViewer } from "../../protocol/signal.ts";
import { logger } from "../../system/log.ts";
import { newId } from "../accounts/token.ts";
import { type Participant, stillShared } from "./access.ts";
import type { Dismissed } from "./bus.ts";
import type { House } from "./house.ts";
import { isOver } from "./node_state.ts";

const log = logger("viewers");

/** Sockets to one session, over all viewers. */
const MAX_VIEWERS = 16;
/** Of these, so many are kept for the session's own player: guests cannot lock them out. */
const OWN_PLACES = 4;
/** Messages that wait for a session whose process is still starting. */
const MAX_WAITING = 256;
/** Messages a second, and how many may come at once: an answer with all its candidates. */
const RATE = 30;
const BURST = 300;
/** A page whose socket breaks comes back as a new viewer; the old one's picture goes on until then. */
const LINGER_MS = 10_000;
/** A page that does not read what is sent to it is cut off at this many waiting bytes. */
const MAX_BUFFERED = 1_048_576;

/** Close codes of RFC 6455, section 7.4.1. */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  policy: 1008,
} as const;

interface Viewer extends Participant {
  id: string;
  sessionId: string;
  socket: WebSocket;
  /** Absent once the session was told of the viewer. */
  waiting?: SignalFromViewer[];
  tokens: number;
  filledAt: number;
  /** Its socket is closed for what it did. */
  refused?: boolean;
}

interface Lingering {
  viewer: Viewer;
  timer: ReturnType<typeof setTimeout>;
  leave(): void;
}

/** Whether two pages are the same user's, or of the same guest, in the same session. */
const sameParticipant = (a: Viewer, b: Viewer) =>
  a.sessionId === b.sessionId && a.userId === b.userId && a.inviteId === b.inviteId &&
  a.name === b.name;

/** The pages that are connected to sessions through this coordinator, and the signalling for them. */
export class Viewers {
  readonly #viewers = new Map<string, Viewer>();
  /** Whose socket broke, by viewer id. */
  readonly #lingering = new Map<string, Lingering>();
  #house!: House;
  #closed = false;

  /** Set once, before the first viewer. */
  set house(house: House) {
    this.#house = house;
  }

  /** Whether one more page of `who` may watch this session. */
  hasRoom({ id, owner }: SessionInfo, who: Participant): boolean {
    const isOwner = (userId: string | undefined) => userId === owner;
    const all = [...this.#viewers.values()].filter((viewer) => viewer.sessionId === id);
    const others = all.filter((viewer) => !isOwner(viewer.userId));
    if (!isOwner(who.userId) && others.length >= MAX_VIEWERS - OWN_PLACES) return false;
    return all.length < MAX_VIEWERS;
  }

  /** Takes over an open socket. `who`: for whom, checked already. */
  add(
    socket: WebSocket,
    session: SessionInfo,
    who: Participant,
  ): void {
    const viewer: Viewer = {
      id: newId("v"),
      sessionId: session.id,
      socket,
      waiting: [],
      ...who,
      tokens: BURST,
      filledAt: Date.now(),
    };
    this.#viewers.set(viewer.id, viewer);
    socket.onmessage = ({ data }) => this.#message(viewer, data);
    socket.onclose = ({ wasClean }) => this.#gone(viewer, wasClean);
    // It broke the protocol, such as by a message that is too big.
    socket.onerror = () => viewer.refused = true;
    const now = this.#house.session(session.id) ?? session;
    this.#sessionTo(viewer, now);
    this.#admit(viewer, now);
  }

  /** To the page of `viewerId`, where it is connected here. */
  signal(sessionId: string, viewerId: string, message: SignalToViewer): void {
    const viewer = this.#viewers.get(viewerId);
    if (!viewer || viewer.sessionId !== sessionId) return;
    this.#send(viewer, message);
    if (message.type === "bye") viewer.socket.close(CloseCode.normal, "bye");
  }

  /**
   * The session changed: its pages are told, those who wait for its process are let in, and those
   * whom it is no longer shared with are shown out.
   */
  session(session: SessionInfo): void {
    this.#showOut(
      "This game is not shared any more",
      (viewer) =>
        viewer.sessionId === session.id && viewer.grant === "sharing" &&
        !stillShared(session, viewer.role),
    );
    for (const viewer of this.#viewers.values()) {
      if (viewer.sessionId !== session.id || viewer.socket.readyState !== WebSocket.OPEN) continue;
      this.#sessionTo(viewer, session);
      this.#admit(viewer, session);
    }
  }

  /** Shows out a user who was removed, or who came by an invitation that was taken back. */
  dismiss({ userId, inviteId }: Dismissed): void {
    if (userId) this.#showOut("You were signed out", (viewer) => viewer.userId === userId);
    if (!inviteId) return;
    this.#showOut("Your invitation was taken back", (viewer) => viewer.inviteId === inviteId);
  }

  /** Ends picture and input at once, whatever the page says to it; also where its socket broke. */
  #showOut(reason: string, concerns: (viewer: Viewer) => boolean): void {
    for (const { viewer, leave } of this.#lingering.values()) if (concerns(viewer)) leave();
    for (const viewer of [...this.#viewers.values()].filter(concerns)) {
      this.#send(viewer, { type: "bye", reason });
      viewer.socket.close(CloseCode.normal, "bye");
      this.#viewers.delete(viewer.id);
      if (viewer.waiting) continue;
      const { sessionId, id: viewerId } = viewer;
      this.#house.toSession(sessionId, { type: "viewer-leave", sessionId, viewerId });
    }
  }

  /** Sessions go on without their coordinator, so they are not told that their viewers left. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#lingering.values()) clearTimeout(timer);
    for (const { socket } of this.#viewers.values()) socket.close(CloseCode.goingAway, "restart");
  }

  #sessionTo(viewer: Viewer, session: SessionInfo): void {
    this.#send(viewer, { type: "session", session });
    if (!isOver(session)) return;
    this.#send(viewer, { type: "bye", reason: session.reason ?? "The session is over" });
    viewer.socket.close(CloseCode.normal, "over");
  }

  /** Tells the session of the viewer, as soon as its process can hear it. */
  #admit(viewer: Viewer, session: SessionInfo): void {
    const listening = session.state !== "starting" || (session.step ?? "process") !== "process";
    if (!viewer.waiting || !listening || isOver(session)) return;
    const { id: viewerId, sessionId, name, role, waiting } = viewer;
    viewer.waiting = undefined;
    this.#house.toSession(sessionId, { type: "viewer-join", sessionId, viewerId, name, role });
    for (const message of waiting) {
      this.#house.toSession(sessionId, { type: "signal", sessionId, viewerId, message });
    }
    // The page is back (or another of the same house came): the one it replaces need not linger.
    for (const old of this.#lingering.values()) {
      if (sameParticipant(old.viewer, viewer)) old.leave();
    }
  }

  #message(viewer: Viewer, data: unknown): void {
    const { socket } = viewer;
    // Shown out, and not gone yet.
    if (!this.#viewers.has(viewer.id)) return;
    if (typeof data !== "string") return this.#refuse(viewer, CloseCode.policy, "expected text");
    if (!this.#allowed(viewer)) return this.#refuse(viewer, CloseCode.policy, "too many messages");
    const message = parseSignal(data);
    if (!message) return this.#refuse(viewer, CloseCode.policy, "expected a signalling message");
    if (viewer.waiting) {
      if (viewer.waiting.length < MAX_WAITING) viewer.waiting.push(message);
      return;
    }
    if (socket.readyState !== WebSocket.OPEN) return;
    const { sessionId, id: viewerId } = viewer;
    this.#house.toSession(sessionId, { type: "signal", sessionId, viewerId, message });
  }

  /** Token bucket: RATE a second, up to BURST saved. */
  #allowed(viewer: Viewer): boolean {
    const now = Date.now();
    const earned = (now - viewer.filledAt) * RATE / 1000;
    viewer.tokens = Math.min(BURST, viewer.tokens + earned) - 1;
    viewer.filledAt = now;
    return viewer.tokens >= 0;
  }

  #refuse(viewer: Viewer, code: number, reason: string): void {
    log.warn("a viewer was cut off", { session: viewer.sessionId, reason });
    viewer.refused = true;
    viewer.socket.close(code, reason);
  }

  #send(viewer: Viewer, message: SignalToViewer): void {
    const { socket } = viewer;
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED) {
      return this.#refuse(viewer, CloseCode.policy, "does not read");
    }
    socket.send(JSON.stringify(message));
  }

  #gone(viewer: Viewer, wasClean: boolean): void {
    // Not there any more where it was shown out.
    if (!this.#viewers.delete(viewer.id) || this.#closed || viewer.waiting) return;
    const { sessionId, id: viewerId } = viewer;
    const leave = () => {
      clearTimeout(this.#lingering.get(viewerId)?.timer);
      this.#lingering.delete(viewerId);
      this.#house.toSession(sessionId, { type: "viewer-leave", sessionId, viewerId });
    };
    // Not by its code: the runtime says 0 for a broken connection, where a browser says 1006.
    if (wasClean || viewer.refused) return leave();
    this.#lingering.set(viewerId, { viewer, timer: setTimeout(leave, LINGER_MS), leave });
  }
}

function parseSignal(text: string): SignalFromViewer | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return SignalFromViewer.safeParse(value).data;
}
