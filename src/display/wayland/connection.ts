/**
 * A client's connection to a compositor: object ids, dispatch of events, and waiting.
 */
import {
  AF_UNIX,
  EPOLL_CTL_ADD,
  EPOLL_CTL_MOD,
  EPOLLIN,
  EPOLLOUT,
  errno,
  errnoText,
  libc,
  SOCK_CLOEXEC,
  SOCK_STREAM,
} from "../../../ffi/libc.ts";
import { WlDisplayProxy, WlRegistryProxy } from "./generated/wayland.ts";
import { EventReader, type ProxyOwner, type ProxyType, WaylandProxy } from "./proxy.ts";
import { type MessageWriter, WireError, WireSocket } from "./wire.ts";

/** Ids from here on are made by the server (Wayland protocol, "Creating Objects"). */
const FIRST_SERVER_ID = 0xff000000;

/** The compositor ended the connection, or named an error in what this client did. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
}

/** A `struct sockaddr_un` for `path`. Throws RangeError where it is longer than 107 bytes. */
export function unixAddress(path: string): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(path);
  if (name.length > 107) {
    throw new RangeError(
      `expected a socket path of at most 107 bytes, got ${name.length}: ${path}`,
    );
  }
  const address = new Uint8Array(110);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(name, 2);
  return address;
}

/** Connects to a Unix stream socket. Throws {@linkcode ConnectionError}. */
export function connectUnix(path: string): number {
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const address = unixAddress(path);
  if (fd < 0 || libc.connect(fd, address, address.length) < 0) {
    const reason = errnoText(errno());
    if (fd >= 0) libc.close(fd);
    throw new ConnectionError(`cannot connect to ${path}: ${reason}`);
  }
  return fd;
}

/**
 * A connection whose owner decides when to wait.
 *
 * ```ts
 * const connection = WaylandConnection.connect("/run/user/1000/wayland-0");
 * const globals = connection.globals();
 * const compositor = globals.bind(WlCompositorProxy, 5);
 * while (connection.wait(1000)) connection.dispatch();
 * ```
 */
export class WaylandConnection implements ProxyOwner {
  readonly display: WlDisplayProxy;
  readonly #socket: WireSocket;
  readonly #objects = new Map<number, WaylandProxy>();
  readonly #freeIds: number[] = [];
  readonly #events = new EventReader(this);
  readonly #epoll: number;
  readonly #ready = new Uint8Array(12);
  #nextId = 2;
  #error: ConnectionError | undefined;

  /** Takes over the connected socket `fd`. */
  constructor(fd: number) {
    this.#socket = new WireSocket(fd);
    this.display = new WlDisplayProxy(this, 1, 1);
    this.#objects.set(1, this.display);
    this.display.listener = {
      error: (_object, code, message) => {
        this.#error = new ConnectionError(
          `the compositor ended the connection: ${message} (${code})`,
        );
      },
      deleteId: (id) => {
        this.#objects.delete(id);
        this.#freeIds.push(id);
      },
    };
    this.#epoll = libc.epoll_create1(SOCK_CLOEXEC);
    libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, fd, epollEvent(EPOLLIN));
  }

  /** Connects to the compositor's socket. Throws {@linkcode ConnectionError}. */
  static connect(path: string): WaylandConnection {
    return new WaylandConnection(connectUnix(path));
  }

  /** The connection's socket, for the caller's own epoll set. */
  get fd(): number {
    return this.#socket.fd;
  }

  get writer(): MessageWriter {
    return this.#socket.writer;
  }

  lookup(id: number): WaylandProxy | undefined {
    const object = this.#objects.get(id);
    return object?.alive ? object : undefined;
  }

  create<P extends WaylandProxy>(type: ProxyType<P>, version: number, id?: number): P {
    const proxy = new type(this, id ?? this.#freeIds.pop() ?? this.#nextId++, version);
    this.#objects.set(proxy.id, proxy);
    return proxy;
  }

  destroyed(proxy: WaylandProxy): void {
    // The server's own ids are free at once; for ours it sends delete_id.
    if (proxy.id >= FIRST_SERVER_ID) this.#objects.delete(proxy.id);
  }

  /** Sends what is queued; waits for the compositor to read where its buffer is full. */
  flush(): void {
    for (;;) {
      const state = this.#socket.flush();
      if (state === "sent") return;
      if (state === "closed") {
        // What the compositor said before it closed explains more than the failed send.
        this.#read();
        throw this.#error ?? new ConnectionError("the compositor closed the connection");
      }
      libc.epoll_ctl(this.#epoll, EPOLL_CTL_MOD, this.fd, epollEvent(EPOLLIN | EPOLLOUT));
      libc.epoll_wait(this.#epoll, this.#ready, 1, -1);
      libc.epoll_ctl(this.#epoll, EPOLL_CTL_MOD, this.fd, epollEvent(EPOLLIN));
      this.#read();
    }
  }

  /**
   * Sends what is queued and blocks this thread until events came or `timeoutMs` passed (-1: for
   * ever). True where there is something to dispatch.
   */
  wait(timeoutMs: number): boolean {
    this.flush();
    return libc.epoll_wait(this.#epoll, this.#ready, 1, timeoutMs) > 0;
  }

  /**
   * Handles the events that have come, without waiting. Throws {@linkcode ConnectionError} where the
   * connection ended or the compositor named an error.
   */
  dispatch(): void {
    this.#read();
    if (this.#error) throw this.#error;
  }

  /** Blocks until the compositor has handled all requests sent so far and the events are handled. */
  roundtrip(timeoutMs = 5000): void {
    let done = false;
    this.display.sync().listener = { done: () => done = true };
    const deadline = Date.now() + timeoutMs;
    while (!done) {
      if (!this.wait(Math.max(0, deadline - Date.now()))) {
        throw new ConnectionError(`the compositor did not answer within ${timeoutMs} ms`);
      }
      this.dispatch();
    }
  }

  /** The compositor's globals; takes one round trip. */
  globals(): Globals {
    const globals = new Globals(this.display.getRegistry());
    this.roundtrip();
    return globals;
  }

  close(): void {
    this.#socket.close();
    libc.close(this.#epoll);
  }

  #read(): void {
    for (;;) {
      const received = this.#socket.receive();
      if (received === "empty") return;
      try {
        while (this.#dispatchOne());
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        this.#error ??= new ConnectionError("the compositor sent a bad message", { cause: error });
        return;
      }
      if (received === "data") continue;
      this.#error ??= new ConnectionError("the compositor closed the connection");
      return;
    }
  }

  #dispatchOne(): boolean {
    const message = this.#socket.next();
    if (!message) return false;
    const object = this.#objects.get(message.object);
    // An object the server made and this client has destroyed: its signature is not known any more.
    if (!object) return true;
    const events = (object.constructor as unknown as ProxyType).events;
    const event = events[message.opcode];
    if (!event) throw new WireError(`event ${message.opcode} of object ${object.id} is unknown`);
    this.#events.message = message;
    this.#events.version = object.version;
    const values = event.decode(this.#events);
    const listener = object.listener as Record<string, (...values: unknown[]) => void>;
    if (object.alive && listener[event.name]) listener[event.name](...values);
    else for (const fd of message.takenFds) libc.close(fd);
    return true;
  }
}

function epollEvent(events: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array([events, 0, 0]).buffer);
}

/** What `wl_registry` advertises. */
export class Globals {
  readonly #found = new Map<string, { name: number; version: number }[]>();

  constructor(readonly registry: WlRegistryProxy) {
    registry.listener = {
      global: (name, interfaceName, version) => {
        const found = this.#found.get(interfaceName) ?? [];
        this.#found.set(interfaceName, [...found, { name, version }]);
      },
    };
  }

  /** Version that the compositor has of an interface, 0 where it lacks it. */
  version(type: ProxyType): number {
    return this.#found.get(type.interfaceName)?.[0].version ?? 0;
  }

  /** Binds the first global of an interface at the lowest of `version` and what both sides know. */
  bind<P extends WaylandProxy>(type: ProxyType<P>, version: number): P {
    const found = this.#found.get(type.interfaceName)?.[0];
    if (!found) throw new ConnectionError(`the compositor has no ${type.interfaceName}`);
    const agreed = Math.min(version, found.version, type.interfaceVersion);
    return this.registry.bind(found.name, type, agreed);
  }
}
