import { createHash, X509Certificate } from "node:crypto";
import { get } from "node:https";
import { WebSocket } from "ws";
import type { z } from "zod";
import type { Config } from "../config/config.ts";
import { FromNode, type Link, ToNode } from "../protocol/node.ts";
import { logger } from "./log.ts";

/**
 * The link between a coordinator and a node agent: objects within a process, or JSON text over a
 * WebSocket. Every message from outside is checked against its schema.
 */
const log = logger("link");

/** A hello carries the library and all sessions. */
export const MAX_LINK_MESSAGE = 4 * 1024 * 1024;
/** A peer that does not read is cut off at this many waiting bytes. */
const MAX_BUFFERED = 16 * 1024 * 1024;
/** The server pings every half of this; a link that is silent for the whole is dead. */
export const LINK_SILENCE_S = 30;

/** What is common to all links: messages wait for their handler, the end is told once. */
abstract class BaseLink<Out, In> implements Link<Out, In> {
  #onMessage: ((message: In) => void) | undefined;
  #onClose: ((reason: string) => void) | undefined;
  #waiting: In[] = [];
  #closedBy: string | undefined;
  #told = false;

  set onMessage(handler: (message: In) => void) {
    this.#onMessage = handler;
    while (this.#waiting.length > 0 && this.#closedBy === undefined) {
      handler(this.#waiting.shift()!);
    }
  }

  set onClose(handler: (reason: string) => void) {
    this.#onClose = handler;
    this.#tell();
  }

  abstract send(message: Out): void;
  abstract close(reason: string): void;

  protected get isClosed(): boolean {
    return this.#closedBy !== undefined;
  }

  protected received(message: In): void {
    if (this.isClosed) return;
    if (this.#onMessage) this.#onMessage(message);
    else this.#waiting.push(message);
  }

  /** The link is gone; tells `onClose` the first time. */
  protected ended(reason: string): void {
    this.#closedBy ??= reason;
    this.#waiting.length = 0;
    this.#tell();
  }

  #tell(): void {
    if (this.#told || this.#closedBy === undefined || !this.#onClose) return;
    this.#told = true;
    this.#onClose(this.#closedBy);
  }
}

class PairedLink<Out, In> extends BaseLink<Out, In> {
  peer!: PairedLink<In, Out>;

  /** Delivered after the current task, as over a socket: no handler runs inside of another. */
  send(message: Out): void {
    if (this.isClosed) return;
    const copy = structuredClone(message);
    queueMicrotask(() => this.peer.received(copy));
  }

  close(reason: string): void {
    if (this.isClosed) return;
    this.ended(reason);
    queueMicrotask(() => this.peer.ended(reason));
  }
}

/** A link within this process: the coordinator's end and the node's. */
export function createLinkPair(): [Link<ToNode, FromNode>, Link<FromNode, ToNode>] {
  const coordinator = new PairedLink<ToNode, FromNode>();
  const node = new PairedLink<FromNode, ToNode>();
  coordinator.peer = node;
  node.peer = coordinator;
  return [coordinator, node];
}

/** What a link needs of a WebSocket. */
interface Socket {
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

const OPEN = 1;
const POLICY = 1008;
const TOO_BIG = 1009;

/** A link over an open WebSocket; its owner passes on what the socket reports. */
export class SocketLink<Out, In> extends BaseLink<Out, In> {
  constructor(readonly socket: Socket, readonly schema: z.ZodType<In>) {
    super();
  }

  send(message: Out): void {
    if (this.isClosed || this.socket.readyState !== OPEN) return;
    if (this.socket.bufferedAmount > MAX_BUFFERED) return this.#drop(POLICY, "it does not read");
    this.socket.send(JSON.stringify(message));
  }

  close(reason: string): void {
    if (this.isClosed) return;
    this.socket.close(1000, reason.slice(0, 100));
    this.ended(reason);
  }

  /** A message of the socket, as it came. */
  take(data: unknown): void {
    if (this.isClosed) return;
    if (typeof data !== "string") return this.#drop(POLICY, "expected text messages");
    if (data.length > MAX_LINK_MESSAGE) return this.#drop(TOO_BIG, "message too big");
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      return this.#drop(POLICY, "expected JSON");
    }
    const checked = this.schema.safeParse(value);
    if (checked.success) return this.received(checked.data);
    // A newer peer may say what we do not know yet; what we know must be right.
    const { type } = (typeof value === "object" && value !== null ? value : {}) as {
      type?: unknown;
    };
    log.warn("a message of the link was refused", {
      type: typeof type === "string" ? type.slice(0, 40) : undefined,
      problem: checked.error.issues[0]?.message,
    });
    this.#drop(POLICY, "expected a message of src/protocol/node.ts");
  }

  /** The socket is closed. */
  gone(reason: string): void {
    this.ended(reason);
  }

  #drop(code: number, reason: string): void {
    this.socket.close(code, reason);
    this.ended(reason);
  }
}

/** The coordinator's end of a node's WebSocket. */
export function serveLink(socket: WebSocket): Link<ToNode, FromNode> {
  const link = new SocketLink<ToNode, FromNode>(socket, FromNode);
  socket.onmessage = ({ data }) => link.take(data);
  socket.onclose = ({ reason }) => link.gone(reason || "the connection broke");
  socket.onerror = () => {};
  return link;
}

/** The secret of a node token without the fingerprint that may follow it. */
export function tokenSecret(token: string): string {
  return token.replace(/\.[0-9a-f]{64}$/, "");
}

/** A node token that also names the house's authority, so that the node need not trust it blindly. */
export function pinToken(secret: string, caSha256: string | undefined): string {
  return caSha256 ? `${secret}.${caSha256}` : secret;
}

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 30_000;

/**
 * The node's connection to its coordinator (`node.coordinator`, `node.token`). Calls `onLink` with a
 * new link after every connect; comes back by itself, with growing pauses, until it is closed.
 */
export function connectLink(
  config: Config,
  onLink: (link: Link<FromNode, ToNode>) => void,
): { close(): void } {
  const { coordinator, token } = config.node;
  const url = new URL("/api/node", coordinator.replace(/^http/, "ws"));
  let closed = false;
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let delay = FIRST_DELAY_MS;

  const again = (reason: string) => {
    if (closed) return;
    // Jitter, so that a fleet does not come back in step.
    const pause = delay * (0.5 + Math.random());
    log.warn("no link to the coordinator; trying again", {
      coordinator,
      reason,
      seconds: Math.round(pause / 100) / 10,
    });
    timer = setTimeout(connect, pause);
    delay = Math.min(LONGEST_DELAY_MS, delay * 2);
  };

  const connect = async () => {
    let ca: string | undefined;
    try {
      if (url.protocol === "wss:") ca = await pinnedAuthority(url, token);
    } catch (error) {
      return again((error as Error).message);
    }
    if (closed) return;
    const attempt = new WebSocket(url, {
      headers: { authorization: `Bearer ${tokenSecret(token)}` },
      maxPayload: MAX_LINK_MESSAGE,
      handshakeTimeout: 10_000,
      perMessageDeflate: false,
      ...(ca ? { ca } : {}),
    });
    socket = attempt;
    const link = new SocketLink<FromNode, ToNode>(attempt, ToNode);
    let failure = "";
    let silence: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(silence);
      silence = setTimeout(() => attempt.terminate(), LINK_SILENCE_S * 1000);
    };
    attempt.on("open", () => {
      delay = FIRST_DELAY_MS;
      heard();
      log.info("linked to the coordinator", { coordinator });
      onLink(link);
    });
    attempt.on("ping", heard);
    attempt.on("message", (data, isBinary) => {
      heard();
      link.take(isBinary ? data : data.toString());
    });
    attempt.on("error", (error) => failure = error.message);
    attempt.on("close", (_code, reason) => {
      clearTimeout(silence);
      const why = reason.toString() || failure || "the connection broke";
      link.gone(why);
      again(why);
    });
  };

  connect();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close(1000, "the node stops");
    },
  };
}

/**
 * The coordinator's own authority, as named by the fingerprint in the token: fetched without trust
 * and then compared. Undefined where the token names none: the system's authorities decide.
 */
async function pinnedAuthority(url: URL, token: string): Promise<string | undefined> {
  const pin = token.match(/\.([0-9a-f]{64})$/)?.[1];
  if (!pin) return undefined;
  const pem = await new Promise<string>((resolve, reject) => {
    const request = get(
      {
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: url.port || 443,
        path: "/ca.crt",
        rejectUnauthorized: false,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          if (text.length > 65536) request.destroy(new Error("the authority's answer is too long"));
        });
        response.on("end", () => resolve(text));
        response.on("error", reject);
      },
    );
    request.setTimeout(10_000, () => request.destroy(new Error("no answer in 10 s")));
    request.on("error", reject);
  });
  const [authority] = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/) ?? [];
  if (!authority) throw new Error("the coordinator names no certificate authority");
  const fingerprint = createHash("sha256").update(new X509Certificate(authority).raw).digest("hex");
  if (fingerprint !== pin) {
    throw new Error(
      "the coordinator's certificate authority is not the one named in the token: expected " +
        `${pin.slice(0, 16)}…, got ${fingerprint.slice(0, 16)}…. Copy its node-token again`,
    );
  }
  // The one that was compared, and nothing that somebody in between may have written after it.
  return authority;
}
