import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createSecureServer, type Server as SecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { KeyedCertificate } from "../../system/tls.ts";
import { logger } from "../../system/log.ts";
import { Connections } from "./connections.ts";
import { HttpError } from "./errors.ts";
import { sendRefusal, sendResponse, webRequest } from "./web_request.ts";
import type { Handshake } from "./web_socket.ts";

const log = logger("http");
/** How long requests in progress may take when the listener closes. */
const CLOSE_MS = 2_000;
/** Who sends a request byte by byte holds a connection no longer than this. */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 20_000,
  connectionsCheckingInterval: 1_000,
} satisfies ServerOptions;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** An answer that nobody reads is given up after this long without progress. */
const SILENCE_MS = 60_000;

/** How a request came. */
export interface Arriving {
  /** Address of who connected. */
  peer: string;
  /** By our own HTTPS listener. */
  tls: boolean;
  /** Set where it asks to become a WebSocket. An answer is then not sent where it became one. */
  handshake?: Handshake;
}

type Handler = (request: Request, arriving: Arriving) => Promise<Response>;

/** One listening port, plain or with a certificate that can be replaced. HTTP/1.1 only. */
export class Listener {
  readonly #server: Server | SecureServer;
  readonly #connections: Connections;
  readonly #upgraded = new Set<Duplex>();

  private constructor(readonly handler: Handler, certificate: KeyedCertificate | undefined) {
    const tls = certificate !== undefined;
    this.#server = tls
      ? createSecureServer({
        ...TIMEOUTS,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        cert: certificate.cert,
        key: certificate.key,
      })
      : createServer(TIMEOUTS);
    this.#connections = new Connections(this.#server);
    this.#server.setTimeout(SILENCE_MS);
    for (const failure of ["clientError", "tlsClientError"]) {
      this.#server.on(failure, (_error: Error, socket?: Socket) => socket?.destroy());
    }
    this.#server.on("request", async (incoming, outgoing) => {
      const peer = incoming.socket.remoteAddress ?? "";
      try {
        const request = webRequest(incoming, tls);
        await sendResponse(await this.handler(request, { peer, tls }), outgoing);
      } catch (error) {
        if (!(error instanceof TypeError)) log.error("request failed", { error });
        await sendResponse(notARequest().response(), outgoing).catch(() => incoming.destroy());
      }
    });
    this.#server.on("upgrade", async (incoming, socket, head) => {
      const peer = (socket as Socket).remoteAddress ?? "";
      // An end while it is being answered.
      socket.on("error", () => {});
      this.#upgraded.add(socket);
      socket.on("close", () => this.#upgraded.delete(socket));
      const handshake: Handshake = { incoming, socket, head };
      try {
        const request = webRequest(incoming, tls);
        const response = await this.handler(request, { peer, tls, handshake });
        if (!handshake.accepted) await sendRefusal(response, socket);
      } catch (error) {
        if (!(error instanceof TypeError)) log.error("request failed", { error });
        await sendRefusal(notARequest().response(), socket).catch(() => socket.destroy());
      }
    });
  }

  /**
   * Listens on `host` (empty: every address of the machine) and `port` (0: any free one).
   *
   * @throws Error that names the port where it is taken or not allowed
   */
  static async open(
    host: string,
    port: number,
    handler: Handler,
    certificate?: KeyedCertificate,
  ): Promise<Listener> {
    const listener = new Listener(handler, certificate);
    try {
      await listener.#listen(host || "::", port);
    } catch (error) {
      const { code } = error as { code?: string };
      // A kernel without IPv6.
      const noIpv6 = host === "" && code !== "EADDRINUSE" && code !== "EACCES";
      try {
        if (!noIpv6) throw error;
        await listener.#listen("0.0.0.0", port);
      } catch (last) {
        throw listenError(host, port, last);
      }
    }
    return listener;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Serves new connections with another certificate from now on; open ones keep theirs. */
  replaceCertificate({ cert, key }: KeyedCertificate): void {
    (this.#server as SecureServer).setSecureContext({ cert, key });
    log.info("the certificate was replaced", { port: this.port });
  }

  /** Takes no more connections, and ends those that are open: at once where idle, else soon. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of this.#upgraded) socket.destroy();
      this.#connections.destroyAll();
    }, CLOSE_MS);
    await closed;
    clearTimeout(timer);
  }

  #listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }
}

const notARequest = () => new HttpError("bad-request", "expected a Host and a path");

function listenError(host: string, port: number, cause: unknown): Error {
  const where = host ? `${host} port ${port}` : `port ${port}`;
  switch ((cause as { code?: string }).code) {
    case "EADDRINUSE":
      return new Error(`${where} is taken by another program: stop it, or choose another port`, {
        cause,
      });
    case "EACCES":
      return new Error(`${where} may be used by root only: choose one from 1024 upwards`, {
        cause,
      });
    default:
      return new Error(`cannot listen on ${where}: expected an address of this machine`, { cause });
  }
}
