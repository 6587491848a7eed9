/**
 * A UDP relay that makes a bad network of loopback: loss, delay, jitter, rate and outages, seeded.
 * The kernel of the test machines has no netem.
 *
 * As a program: `deno run -A tests/tools/relay.ts --target 127.0.0.1:PORT [--loss 0.05]
 * [--delay 20] [--jitter 5] [--rate 8e6] [--queue 200] [--seed 1] [--port 0]`.
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import type { Buffer } from "node:buffer";
import { parseArgs } from "node:util";
import { seeded } from "../transport/simulated_path.ts";

/** What one direction does to packets. */
export interface Impairment {
  /** Share of packets lost, 0–1. */
  loss: number;
  /** ms */
  delayMs: number;
  /** Uniform extra delay up to this, ms; packets keep their order. */
  jitterMs: number;
  /** bit/s; Infinity: none. */
  rate: number;
  /** What the queue before the rate holds, ms. */
  queueMs: number;
}

export const CLEAN: Impairment = {
  loss: 0,
  delayMs: 0,
  jitterMs: 0,
  rate: Infinity,
  queueMs: 200,
};

/** One direction of the relay. */
class Direction {
  impairment: Impairment;
  /** Packets that never pass, besides those lost at random. */
  refuses: (packet: Uint8Array) => boolean = () => false;
  forwarded = 0;
  dropped = 0;
  #freeMs = 0;
  #lastMs = 0;
  #waiting: { atMs: number; send: () => void }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(impairment: Partial<Impairment>, private readonly random: () => number) {
    this.impairment = { ...CLEAN, ...impairment };
  }

  pass(packet: Uint8Array, send: () => void): void {
    const { loss, delayMs, jitterMs, rate, queueMs } = this.impairment;
    const nowMs = performance.now();
    const waitMs = Math.max(0, this.#freeMs - nowMs);
    if (this.refuses(packet) || this.random() < loss || waitMs > queueMs) {
      this.dropped++;
      return;
    }
    this.forwarded++;
    this.#freeMs = nowMs + waitMs + packet.length * 8000 / rate;
    const atMs = Math.max(this.#lastMs, this.#freeMs + delayMs + this.random() * jitterMs);
    this.#lastMs = atMs;
    if (atMs <= nowMs && this.#waiting.length === 0) return send();
    this.#waiting.push({ atMs, send });
    this.#arm();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#waiting.length === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const nowMs = performance.now();
      while (this.#waiting.length > 0 && this.#waiting[0].atMs <= nowMs) {
        this.#waiting.shift()!.send();
      }
      this.#arm();
    }, Math.max(0, this.#waiting[0].atMs - performance.now()));
  }
}

export interface RelayOptions {
  targetPort: number;
  targetAddress?: string;
  /** 0: any. */
  port?: number;
  seed?: number;
  /** From the target (the session) to clients. */
  down?: Partial<Impairment>;
  /** From clients to the target. */
  up?: Partial<Impairment>;
}

/** A running relay. Each client address gets its own address towards the target. */
export class UdpRelay {
  readonly down: Direction;
  readonly up: Direction;
  /** While true nothing passes. */
  cut = false;
  readonly #clients = new Map<string, Socket>();

  private constructor(private readonly listener: Socket, private readonly options: RelayOptions) {
    const random = seeded(options.seed ?? 1);
    this.down = new Direction(options.down ?? {}, random);
    this.up = new Direction(options.up ?? {}, random);
    listener.on("message", (data: Buffer, from: RemoteInfo) => this.#fromClient(data, from));
  }

  static async start(options: RelayOptions): Promise<UdpRelay> {
    const listener = createSocket("udp4");
    await new Promise<void>((resolve) =>
      listener.bind(options.port ?? 0, "127.0.0.1", () => resolve())
    );
    return new UdpRelay(listener, options);
  }

  get port(): number {
    return this.listener.address().port;
  }

  /** Gives all clients new addresses towards the target, as a change of networks does. */
  rebind(): void {
    for (const socket of this.#clients.values()) socket.close();
    this.#clients.clear();
  }

  async close(): Promise<void> {
    this.down.close();
    this.up.close();
    this.rebind();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  #fromClient(data: Buffer, from: RemoteInfo): void {
    if (this.cut) return;
    const key = `${from.address} ${from.port}`;
    let socket = this.#clients.get(key);
    if (!socket) {
      socket = createSocket("udp4");
      socket.bind(0, "127.0.0.1");
      socket.on("error", () => {});
      socket.on("message", (reply: Buffer) => {
        if (this.cut) return;
        this.down.pass(reply, () => {
          this.listener.send(reply, from.port, from.address, () => {});
        });
      });
      this.#clients.set(key, socket);
    }
    const { targetPort, targetAddress = "127.0.0.1" } = this.options;
    const upstream = socket;
    this.up.pass(data, () => {
      if (this.#clients.get(key) === upstream) {
        upstream.send(data, targetPort, targetAddress, () => {});
      }
    });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      target: { type: "string" },
      port: { type: "string", default: "0" },
      seed: { type: "string", default: "1" },
      loss: { type: "string", default: "0" },
      delay: { type: "string", default: "0" },
      jitter: { type: "string", default: "0" },
      rate: { type: "string", default: "Infinity" },
      queue: { type: "string", default: "200" },
    },
  });
  const [address, port] = (values.target ?? "").split(":");
  if (!port) {
    console.error("expected --target ADDRESS:PORT");
    Deno.exit(2);
  }
  const impairment = {
    loss: Number(values.loss),
    delayMs: Number(values.delay),
    jitterMs: Number(values.jitter),
    rate: Number(values.rate),
    queueMs: Number(values.queue),
  };
  const relay = await UdpRelay.start({
    targetAddress: address,
    targetPort: Number(port),
    port: Number(values.port),
    seed: Number(values.seed),
    down: impairment,
    up: { ...impairment, rate: Infinity },
  });
  console.log(JSON.stringify({ port: relay.port }));
}
