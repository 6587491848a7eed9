/**
 * The player's connection to its session, across losses: a new {@linkcode Link} is made while the
 * old one still shows its last pictures, and takes over when it is open.
 */
import type { ControlFromViewer, ControlToViewer } from "../../src/protocol/control.ts";
import type { SessionInfo, VideoMode } from "../../src/protocol/session.ts";
import { api, ApiFailure } from "../state/api.ts";
import { Backoff } from "../state/backoff.ts";
import { Link } from "./link.ts";

/** What the house answers for a session that this page cannot have. */
const GONE = new Set<ApiFailure["error"]>(["not-found", "forbidden", "unauthorized"]);

/** A house that was just started knows its sessions only after a moment. */
const GONE_MS = 4000;

/** `over`: bye or closed; it does not come back by itself. */
export type ConnectionState = "connecting" | "connected" | "reconnecting" | "over";

export interface ConnectionEvents {
  onState(state: ConnectionState): void;
  onSession(session: SessionInfo): void;
  onBye(reason: string): void;
  /** A new link is up: its tracks replace those of the one before. */
  onMedia(stream: MediaStream): void;
  onControl(message: ControlToViewer): void;
}

export class Connection {
  state: ConnectionState = "connecting";
  /** Times a lost link was replaced. */
  reconnects = 0;
  #current: Link | undefined;
  #next: Link | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #backoff = new Backoff();
  #goneSince: number | undefined;
  #sessionId: string;
  #mode: () => VideoMode;
  #events: ConnectionEvents;

  /** `mode` is asked at each join: what the screen would like then. */
  constructor(sessionId: string, mode: () => VideoMode, events: ConnectionEvents) {
    this.#sessionId = sessionId;
    this.#mode = mode;
    this.#events = events;
    this.#connect();
    addEventListener("online", this.#hurry);
  }

  /** The open link, for senders that must not wait. */
  get link(): Link | undefined {
    return this.#current;
  }

  get peer(): RTCPeerConnection | undefined {
    return this.#current?.peer;
  }

  send(message: ControlFromViewer): void {
    this.#current?.send(message);
  }

  close(): void {
    removeEventListener("online", this.#hurry);
    clearTimeout(this.#timer);
    this.#next?.close();
    this.#current?.close();
    this.#next = this.#current = undefined;
    this.#setState("over");
  }

  #setState(state: ConnectionState): void {
    if (this.state === state || this.state === "over") return;
    this.state = state;
    this.#events.onState(state);
  }

  #connect(): void {
    const stream = new MediaStream();
    const link = new Link(this.#sessionId, this.#mode(), {
      onSession: (session) => this.#events.onSession(session),
      onControl: (message) => this.#events.onControl(message),
      onTrack: (track) => stream.addTrack(track),
      onBye: (reason) => {
        if (this.state === "over") return;
        this.close();
        this.#events.onBye(reason);
        this.#learnTheEnd();
      },
      onOpen: () => {
        this.#current?.close();
        if (this.#current) this.reconnects++;
        this.#current = link;
        this.#next = undefined;
        this.#backoff.reset();
        this.#events.onMedia(stream);
        this.#setState("connected");
      },
      onLost: (reason) => {
        if (this.state === "over") return;
        console.info(`connection lost: ${reason}`);
        if (link === this.#next) {
          link.close();
          this.#next = undefined;
        }
        if (this.#current) this.#setState("reconnecting");
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#connect(), this.#backoff.next());
        this.#askWhetherItGoesOn();
      },
    });
    this.#next = link;
  }

  /** Who is bid goodbye may not have heard yet how the session ended; the closed link tells no more. */
  async #learnTheEnd(): Promise<void> {
    try {
      this.#events.onSession(await api.session(this.#sessionId));
    } catch {
      // The reason of the goodbye is all there is.
    }
  }

  /** A session that is gone, or not this player's, is not waited for; a silent house is. */
  async #askWhetherItGoesOn(): Promise<void> {
    try {
      this.#events.onSession(await api.session(this.#sessionId));
      this.#goneSince = undefined;
    } catch (failure) {
      const gone = failure instanceof ApiFailure && GONE.has(failure.error);
      this.#goneSince = gone ? this.#goneSince ?? performance.now() : undefined;
      if (!gone || this.state === "over") return;
      if (performance.now() - this.#goneSince! < GONE_MS) return;
      this.close();
      this.#events.onBye(failure.message);
    }
  }

  /** The network is back: no reason to wait. */
  #hurry = () => {
    if (this.state !== "reconnecting" || this.#next) return;
    clearTimeout(this.#timer);
    this.#connect();
  };
}
