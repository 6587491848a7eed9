import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { HttpError } from "./errors.ts";

/** A socket that answers no ping for this long is dead. */
const PING_MS = 15_000;

/** A request that asks to become a WebSocket. */
export interface Handshake {
  incoming: IncomingMessage;
  socket: Duplex;
  head: Uint8Array;
  /** Set once it is a WebSocket. */
  accepted?: WebSocket;
}

/**
 * Makes a WebSocket of a request that has been checked. Messages of more than `maxBytes` are never
 * held in memory: the socket is closed (1009) at the frame that announces or reaches too much.
 *
 * @throws HttpError where the handshake is none (RFC 6455, 4.2.1)
 */
export function acceptWebSocket(
  handshake: Handshake,
  maxBytes: number,
): WebSocket {
  const { incoming, socket, head } = handshake;
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: maxBytes,
    perMessageDeflate: false,
  });
  // Without a listener it would write an answer of its own.
  server.on("wsClientError", () => {});
  // Called at once where the handshake is right.
  server.handleUpgrade(incoming, socket, head as never, (opened) => handshake.accepted = opened);
  if (!handshake.accepted) {
    throw new HttpError("bad-request", "expected a WebSocket handshake (RFC 6455, 4.2.1)");
  }
  keepAlive(handshake.accepted);
  return handshake.accepted;
}

function keepAlive(socket: WebSocket): void {
  let answered = true;
  const timer = setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    socket.ping();
  }, PING_MS);
  socket.on("pong", () => answered = true);
  socket.on("close", () => clearInterval(timer));
}
