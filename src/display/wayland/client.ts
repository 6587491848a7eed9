/**
 * One connected client: its objects, the dispatch of its requests, and the limits it must keep.
 */
import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, libc } from "../../../ffi/libc.ts";
import type { EventLoop } from "./event_loop.ts";
import { WlCallbackResource, WlDisplayError, WlDisplayResource } from "./generated/wayland.ts";
import {
  ObjectError,
  ProtocolError,
  RequestReader,
  Resource,
  type ResourceOwner,
  type ResourceType,
} from "./resource.ts";
import { type MessageReader, type MessageWriter, WireError, WireSocket } from "./wire.ts";

/** Ids from here on are the server's (Wayland protocol, "Creating Objects"). */
const FIRST_SERVER_ID = 0xff000000;
/** What one client may hold; far above what real programs use. */
const MAX_OBJECTS = 20_000;
const MAX_FDS = 256;
const MAX_BYTES = 1024 * 1024 * 1024;
/**
 * What all of them may hold together: reading memory that a client never filled makes it real, and
 * it is this process that pays for it, outside of the game's limit.
 */
const MAX_ALL_BYTES = 2 * MAX_BYTES;
/** Events it has not read, besides what the socket itself holds. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_UNREAD_FDS = 64;
/** Reads of 16 KiB before the others get their turn. */
const READS_PER_TURN = 8;

/** The client takes more memory or descriptors than one client may. */
export class LimitError extends Error {
  override name = "LimitError";
}

export interface ClientOwner {
  readonly loop: EventLoop;
  /** Bytes held for all clients; the clients count. */
  heldBytes: number;
  bindRegistry(client: Client, id: number): void;
  /** Called once; `reason` is undefined where the client itself hung up. */
  clientGone(client: Client, reason: string | undefined): void;
}

export class Client implements ResourceOwner {
  readonly display: WlDisplayResource;
  alive = true;
  readonly #socket: WireSocket;
  readonly #objects = new Map<number, Resource>();
  readonly #requests = new RequestReader(this);
  #nextServerId = FIRST_SERVER_ID;
  #freeServerIds: number[] = [];
  #heldBytes = 0;
  #heldFds = 0;
  #blocked = false;

  /** Takes over the connected socket `fd`; `pid` is the peer's. */
  constructor(readonly owner: ClientOwner, fd: number, readonly pid: number) {
    this.#socket = new WireSocket(fd);
    this.display = new WlDisplayResource(this, 1, 1);
    this.#objects.set(1, this.display);
    this.display.handler = {
      sync: (callback) => {
        callback.done(0);
        this.destroy(callback);
      },
      getRegistry: (registry) => this.owner.bindRegistry(this, registry.id),
    };
    owner.loop.watch(fd, EPOLLIN, (events) => this.#ready(events));
  }

  get writer(): MessageWriter {
    return this.#socket.writer;
  }

  lookup(id: number): Resource | undefined {
    return this.#objects.get(id);
  }

  create<R extends Resource>(type: ResourceType<R>, id: number, version: number): R {
    if (id === 0 || id >= FIRST_SERVER_ID) throw new ObjectError(`${id} is not an id for a client`);
    if (this.#objects.has(id)) throw new ObjectError(`object ${id} exists already`);
    if (this.#objects.size >= MAX_OBJECTS) {
      throw new LimitError(`more than ${MAX_OBJECTS} objects`);
    }
    return this.#add(new type(this, id, version));
  }

  /** Makes an object whose id the server chooses, such as a wl_data_offer. */
  createFromServer<R extends Resource>(type: ResourceType<R>, version: number): R {
    const id = this.#freeServerIds.pop() ?? this.#nextServerId++;
    const resource = this.#add(new type(this, id, version));
    // Not an error of whoever's request led here: this client does not tidy up.
    if (this.#objects.size > MAX_OBJECTS) this.close("it keeps more objects than allowed");
    return resource;
  }

  #add<R extends Resource>(resource: R): R {
    this.#objects.set(resource.id, resource);
    return resource;
  }

  /** Ends an object: its handler hears of it and the client may use the id again. */
  destroy(resource: Resource): void {
    if (!resource.alive) return;
    resource.alive = false;
    this.#objects.delete(resource.id);
    resource.handler?.destroyed?.();
    if (!this.alive) return;
    if (resource.id < FIRST_SERVER_ID) this.display.deleteId(resource.id);
    else this.#freeServerIds.push(resource.id);
  }

  /** Counts memory (bytes) and descriptors held for this client; negative gives them back. */
  hold(bytes: number, fds: number): void {
    const { owner } = this;
    this.#heldBytes += bytes;
    this.#heldFds += fds;
    owner.heldBytes += bytes;
    const over = this.#heldBytes > MAX_BYTES || owner.heldBytes > MAX_ALL_BYTES ||
      this.#heldFds > MAX_FDS;
    if (!over || (bytes <= 0 && fds <= 0)) return;
    this.#heldBytes -= bytes;
    this.#heldFds -= fds;
    owner.heldBytes -= bytes;
    throw new LimitError(
      `more than ${MAX_BYTES / 1048576} MiB of buffers or ${MAX_FDS} descriptors`,
    );
  }

  /** Sends what is queued. A client that does not read is cut off. */
  flush(): void {
    if (!this.alive || (this.writer.length === 0 && !this.#blocked)) return;
    const state = this.#socket.flush();
    if (state === "closed") return this.close(undefined);
    const { writer } = this;
    if (writer.length > MAX_UNREAD_BYTES || writer.fds.length > MAX_UNREAD_FDS) {
      return this.close("it does not read its events");
    }
    if (this.#blocked !== (state === "blocked")) {
      this.#blocked = state === "blocked";
      const events = this.#blocked ? EPOLLIN | EPOLLOUT : EPOLLIN;
      this.owner.loop.rewatch(this.#socket.fd, events);
    }
  }

  /** Tells the client what it did wrong and cuts it off. `error` may be anything thrown. */
  fail(error: unknown): void {
    if (!this.alive) return;
    const { object, code, message } = this.#describe(error);
    const text = new TextDecoder().decode(new TextEncoder().encode(message).subarray(0, 1000));
    this.display.error(object.alive ? object : this.display, code, text);
    this.#socket.flush();
    this.close(message);
  }

  #describe(error: unknown): { object: Resource; code: number; message: string } {
    const object = this.display;
    if (error instanceof ProtocolError) {
      return { object: error.resource, code: error.code, message: error.message };
    }
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof ObjectError) {
      return { object, code: WlDisplayError.invalidObject, message };
    }
    if (error instanceof WireError) {
      return { object, code: WlDisplayError.invalidMethod, message };
    }
    if (error instanceof LimitError) return { object, code: WlDisplayError.noMemory, message };
    const where = error instanceof Error ? error.stack : message;
    return { object, code: WlDisplayError.implementation, message: `internal error: ${where}` };
  }

  /** Ends the connection and everything the client made. */
  close(reason: string | undefined): void {
    if (!this.alive) return;
    this.alive = false;
    this.owner.loop.unwatch(this.#socket.fd);
    // Newest first, so that what depends on something goes before it.
    for (const resource of [...this.#objects.values()].reverse()) this.destroy(resource);
    this.#socket.close();
    this.owner.clientGone(this, reason);
  }

  #ready(events: number): void {
    if (events & EPOLLOUT) this.flush();
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) this.#read();
  }

  #read(): void {
    for (let reads = 0; reads < READS_PER_TURN && this.alive; reads++) {
      const received = this.#socket.receive();
      if (received === "empty") return;
      if (received === "descriptors lost") return this.close("it sent more descriptors than fit");
      try {
        for (let message = this.#socket.next(); message; message = this.#socket.next()) {
          this.#dispatch(message);
          if (!this.alive) return;
        }
      } catch (error) {
        return this.fail(error);
      }
      if (received === "closed") return this.close(undefined);
      if (this.#socket.receivedFds.length > MAX_FDS) {
        return this.close("it sent descriptors that belong to no request");
      }
    }
  }

  #dispatch(message: MessageReader): void {
    const resource = this.#objects.get(message.object);
    if (!resource) throw new ObjectError(`object ${message.object} does not exist`);
    const { requests, interfaceName } = resource.constructor as unknown as ResourceType;
    const request = requests[message.opcode];
    if (!request || request.since > resource.version) {
      throw new WireError(
        `${interfaceName} version ${resource.version} has no request ${message.opcode}`,
      );
    }
    const reader = this.#requests;
    reader.message = message;
    reader.version = resource.version;
    let values: unknown[];
    try {
      values = request.decode(reader);
      message.finish();
    } catch (error) {
      for (const fd of message.takenFds) libc.close(fd);
      throw error;
    }
    const handler = resource.handler as Record<string, (...values: unknown[]) => void> | undefined;
    if (handler?.[request.name]) handler[request.name](...values);
    else for (const fd of message.takenFds) libc.close(fd);
    if (request.destructor) this.destroy(resource);
  }
}

/** Ends a `wl_callback` with the time of its event. */
export function completeCallback(callback: WlCallbackResource, timeMs: number): void {
  if (!callback.alive) return;
  callback.done(timeMs >>> 0);
  (callback.client as Client).destroy(callback);
}
