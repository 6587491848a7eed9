/** A TCP relay that cuts a connection after so many bytes towards the target: a link that dies. */
export class CuttingRelay implements Disposable {
  readonly #listener: Deno.TcpListener;
  /** Bytes still let through towards the target; Infinity: all. */
  bytesLeft = Infinity;
  cuts = 0;
  /** Connections that were made. */
  connections = 0;
  #forGood = false;
  /** What has passed towards the target. */
  bytes = 0;

  constructor(readonly targetPort: number) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /**
   * The link dies after so many more bytes.
   *
   * @param options  forGood: nobody gets through any more then; else it dies once
   */
  cutAfter(bytes: number, { forGood = false } = {}): void {
    this.bytesLeft = bytes;
    this.#forGood = forGood;
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      this.connections++;
      this.#relay(client).catch(() => {});
    }
  }

  async #relay(client: Deno.TcpConn): Promise<void> {
    const target = await Deno.connect({ hostname: "127.0.0.1", port: this.targetPort })
      .catch((error) => {
        client.close();
        throw error;
      });
    const close = () => {
      for (const end of [client, target]) {
        try {
          end.close();
        } catch {
          // Closed already.
        }
      }
    };
    const pipe = async (from: Deno.TcpConn, to: Deno.TcpConn, counted: boolean) => {
      const buffer = new Uint8Array(16384);
      for (;;) {
        const length = await from.read(buffer);
        if (length === null) break;
        const passed = counted ? Math.min(length, this.bytesLeft) : length;
        for (let sent = 0; sent < passed;) sent += await to.write(buffer.subarray(sent, passed));
        if (!counted) continue;
        this.bytes += passed;
        this.bytesLeft -= passed;
        if (this.bytesLeft > 0) continue;
        this.cuts++;
        this.bytesLeft = this.#forGood ? 0 : Infinity;
        break;
      }
    };
    await Promise.race([pipe(client, target, true), pipe(target, client, false)]).catch(() => {});
    close();
  }

  [Symbol.dispose](): void {
    this.#listener.close();
  }
}
