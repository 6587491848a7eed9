import type { KeyedCertificate } from "../../system/tls.ts";
import { logger } from "../../system/log.ts";

const log = logger("http");
/** How long requests in progress may take when the listener closes. */
const CLOSE_MS = 2_000;

type Handler = (request: Request, peer: string, tls: boolean) => Promise<Response>;

/** One listening port, plain or with a certificate that can be replaced. */
export class Listener {
  #server: Deno.HttpServer<Deno.NetAddr>;
  #abort = new AbortController();
  #replacing: Promise<void> = Promise.resolve();

  private constructor(
    readonly host: string,
    readonly handler: Handler,
    private certificate: KeyedCertificate | undefined,
    port: number,
  ) {
    this.#server = this.#serve(port, certificate);
  }

  /**
   * Listens on `host` (empty: every address of the machine) and `port` (0: any free one).
   *
   * @throws Error that names the port where it is taken or not allowed
   */
  // deno-lint-ignore require-await -- a failure to listen must reject
  static async open(
    host: string,
    port: number,
    handler: Handler,
    certificate?: KeyedCertificate,
  ): Promise<Listener> {
    try {
      return new Listener(host || "::", handler, certificate, port);
    } catch (error) {
      // A kernel without IPv6.
      const noIpv6 = host === "" && !(error instanceof Deno.errors.AddrInUse) &&
        !(error instanceof Deno.errors.PermissionDenied);
      try {
        if (noIpv6) return new Listener("0.0.0.0", handler, certificate, port);
      } catch (second) {
        throw listenError(host, port, second);
      }
      throw listenError(host, port, error);
    }
  }

  get port(): number {
    return this.#server.addr.port;
  }

  /** Serves with another certificate from now on. Open pages reconnect. */
  replaceCertificate(certificate: KeyedCertificate): void {
    this.#replacing = this.#replacing.then(async () => {
      const { port } = this;
      await this.#stop();
      this.#abort = new AbortController();
      try {
        this.#server = this.#serve(port, certificate);
      } catch (error) {
        this.#server = this.#serve(port, this.certificate);
        throw error;
      }
      this.certificate = certificate;
      log.info("the certificate was replaced", { port });
    }).catch((error) => log.error("the certificate was not replaced", { error }));
  }

  async close(): Promise<void> {
    await this.#replacing;
    await this.#stop();
  }

  #serve(port: number, certificate: KeyedCertificate | undefined): Deno.HttpServer<Deno.NetAddr> {
    return Deno.serve(
      {
        hostname: this.host,
        port,
        signal: this.#abort.signal,
        onListen: () => {},
        onError: (error) => {
          log.error("request failed", { error });
          return new Response(null, { status: 500 });
        },
        ...(certificate ? { cert: certificate.cert, key: certificate.key } : {}),
      },
      (request, info) => this.handler(request, info.remoteAddr.hostname, certificate !== undefined),
    );
  }

  async #stop(): Promise<void> {
    const timer = setTimeout(() => this.#abort.abort(), CLOSE_MS);
    await this.#server.shutdown();
    clearTimeout(timer);
  }
}

function listenError(host: string, port: number, cause: unknown): Error {
  const where = host ? `${host} port ${port}` : `port ${port}`;
  if (cause instanceof Deno.errors.AddrInUse) {
    return new Error(`${where} is taken by another program: stop it, or choose another port`, {
      cause,
    });
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return new Error(`${where} may be used by root only: choose one from 1024 upwards`, { cause });
  }
  return new Error(`cannot listen on ${where}: expected an address of this machine`, { cause });
}
