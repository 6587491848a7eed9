import { WebSocket } from "ws";
import type { HouseEvent } from "../../protocol/api.ts";
import type { House } from "../rooms/house.ts";
import { CloseCode } from "../rooms/viewers.ts";

const MAX_SOCKETS = 512;
const MAX_SOCKETS_OF_USER = 32;
/** A page that does not read is cut off at this many waiting bytes. */
const MAX_BUFFERED = 4 * 1024 * 1024;

/** The open `/api/events` of signed-in pages. */
export class EventSockets {
  readonly #sockets = new Map<WebSocket, { userId: string; isOwner: boolean }>();

  hasRoom(userId: string): boolean {
    const own = [...this.#sockets.values()].filter((entry) => entry.userId === userId).length;
    return this.#sockets.size < MAX_SOCKETS && own < MAX_SOCKETS_OF_USER;
  }

  /** Takes over an open socket. */
  add(socket: WebSocket, user: { id: string; role: "owner" | "player" }, house: House): void {
    const entry = { userId: user.id, isOwner: user.role === "owner" };
    this.#sockets.set(socket, entry);
    // Pages only listen here.
    socket.onmessage = () => socket.close(CloseCode.policy, "expected no messages");
    socket.onclose = () => this.#sockets.delete(socket);
    socket.onerror = () => {};
    this.#send(socket, entry.isOwner, { type: "library", library: house.library() });
    this.#send(socket, entry.isOwner, { type: "sessions", sessions: house.sessions() });
    this.#send(socket, entry.isOwner, { type: "nodes", nodes: house.nodes() });
  }

  send(event: HouseEvent): void {
    for (const [socket, { isOwner }] of this.#sockets) this.#send(socket, isOwner, event);
  }

  dismiss(userId: string): void {
    for (const [socket, entry] of this.#sockets) {
      if (entry.userId === userId) socket.close(CloseCode.policy, "signed out");
    }
  }

  close(): void {
    for (const socket of this.#sockets.keys()) socket.close(CloseCode.goingAway, "restart");
  }

  #send(socket: WebSocket, isOwner: boolean, event: HouseEvent): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    // As GET /api/nodes: what the machines are like is the owner's business.
    if (event.type === "nodes" && !isOwner) return;
    if (socket.bufferedAmount > MAX_BUFFERED) socket.close(CloseCode.policy, "does not read");
    else socket.send(JSON.stringify(event));
  }
}
