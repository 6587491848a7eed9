import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Readable } from "node:stream";

/**
 * A request of node:http as the web's own.
 *
 * @throws TypeError where there is none: no or a broken Host, a target that is no path, a method that
 *   the web does not know
 */
export function webRequest(incoming: IncomingMessage, tls: boolean): Request {
  const { method = "GET", url = "", headers, rawHeaders } = incoming;
  if (!url.startsWith("/")) throw new TypeError("expected a path");
  const copied = new Headers();
  for (let i = 0; i < rawHeaders.length; i += 2) copied.append(rawHeaders[i], rawHeaders[i + 1]);
  const hasBody = "transfer-encoding" in headers || "content-length" in headers;
  return new Request(`${tls ? "https" : "http"}://${headers.host}${url}`, {
    method,
    headers: copied,
    ...(hasBody && method !== "GET" && method !== "HEAD"
      ? { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array>, duplex: "half" }
      : {}),
  });
}

/** Sends an answer. A body that was not read to its end costs the connection. */
export async function sendResponse(response: Response, outgoing: ServerResponse): Promise<void> {
  const { req: incoming, socket } = outgoing;
  const body = new Uint8Array(await response.arrayBuffer());
  const unread = !incoming.complete;
  if (unread) response.headers.set("connection", "close");
  outgoing.writeHead(response.status, headerList(response));
  outgoing.end(incoming.method === "HEAD" ? undefined : body, () => {
    if (unread) socket?.destroySoon();
  });
}

/** Answers a request that wanted to become a WebSocket and may not. */
export async function sendRefusal(response: Response, socket: Duplex): Promise<void> {
  const body = await response.text();
  const headers = [...headerList(response), "connection", "close"];
  if (!response.headers.has("content-length")) {
    headers.push("content-length", String(new TextEncoder().encode(body).length));
  }
  let head = `HTTP/1.1 ${response.status} Refused\r\n`;
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`;
  socket.end(`${head}\r\n${body}`, () => socket.destroy());
}

/** Name, value, name, value; each cookie for itself. */
function headerList({ headers }: Response): string[] {
  const list: string[] = [];
  for (const [name, value] of headers) {
    if (name !== "set-cookie") list.push(name, value);
  }
  for (const cookie of headers.getSetCookie()) list.push("set-cookie", cookie);
  return list;
}
