import { WebSocket } from "ws";
import type { HouseEvent } from "../../protocol/api.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import type { Identity } from "../accounts/accounts.ts";
import { mayKnow } from "../rooms/access.ts";
import type { House } from "../rooms/house.ts";
import { CloseCode } from "../rooms/viewers.ts";

const MAX_SOCKETS = 512;
const MAX_SOCKETS_OF_USER = 32;
/** A page that does not read is cut off at this many waiting bytes. */
const MAX_BUFFERED = 4 * 1024 * 1024;

/** A signed-in user's page. */
interface Page {
  who: Identity & { user: NonNullable<Identity["user"]> };
  /** Ids of the sessions that it was told of. */
  known: Set<string>;
}

/** The open `/api/events` of signed-in pages. */
export class EventSockets {
  readonly #pages = new Map<WebSocket, Page>();
  #house: House | undefined;

  hasRoom(userId: string): boolean {
    const own = [...this.#pages.values()].filter(({ who }) => who.user.id === userId).length;
    return this.#pages.size < MAX_SOCKETS && own < MAX_SOCKETS_OF_USER;
  }

  /** Takes over an open socket. */
  add(socket: WebSocket, who: Page["who"], house: House): void {
    this.#house = house;
    const page: Page = { who, known: new Set() };
    this.#pages.set(socket, page);
    // Pages only listen here.
    socket.onmessage = () => socket.close(CloseCode.policy, "expected no messages");
    socket.onclose = () => this.#pages.delete(socket);
    socket.onerror = () => {};
    this.#tell(socket, page, { type: "library", library: house.library() });
    this.#tell(socket, page, { type: "sessions", sessions: house.sessions() });
    this.#tell(socket, page, { type: "nodes", nodes: house.nodes() });
  }

  send(event: HouseEvent): void {
    for (const [socket, page] of this.#pages) this.#tell(socket, page, event);
  }

  /** Closes the pages of a user, and takes an invitation's session from who came by it. */
  dismiss({ userId, inviteId }: { userId?: string; inviteId?: string }): void {
    for (const [socket, page] of this.#pages) {
      if (userId && page.who.user.id === userId) socket.close(CloseCode.policy, "signed out");
      if (!inviteId || page.who.guest?.inviteId !== inviteId) continue;
      page.who = { user: page.who.user };
      this.#tell(socket, page, { type: "sessions", sessions: this.#house!.sessions() });
    }
  }

  close(): void {
    for (const socket of this.#pages.keys()) socket.close(CloseCode.goingAway, "restart");
  }

  /** Sends what of an event this page may know. */
  #tell(socket: WebSocket, page: Page, event: HouseEvent): void {
    switch (event.type) {
      case "nodes":
        // As GET /api/nodes: what the machines are like is the owner's business.
        return page.who.user.role === "owner" ? this.#send(socket, event) : undefined;
      case "sessions":
        return this.#tellSessions(socket, page, event.sessions);
      case "session":
        if (mayKnow(event.session, page.who)) {
          page.known.add(event.session.id);
          this.#send(socket, event);
        } else if (page.known.has(event.session.id)) {
          // It is not shared any more.
          this.#tellSessions(socket, page, this.#house!.sessions());
        }
        return;
      default:
        this.#send(socket, event);
    }
  }

  #tellSessions(socket: WebSocket, page: Page, all: SessionInfo[]): void {
    const sessions = all.filter((session) => mayKnow(session, page.who));
    page.known = new Set(sessions.map(({ id }) => id));
    this.#send(socket, { type: "sessions", sessions });
  }

  #send(socket: WebSocket, event: HouseEvent): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_BUFFERED) socket.close(CloseCode.policy, "does not read");
    else socket.send(JSON.stringify(event));
  }
}
