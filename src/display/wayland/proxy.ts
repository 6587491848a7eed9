/**
 * The client side's view of protocol objects: what the generated `…Proxy` classes build on.
 */
import type { MessageReader, MessageWriter } from "./wire.ts";

/** One event of an interface; its index in the table is the opcode. */
export interface EventSpec {
  /** Listener method. */
  readonly name: string;
  readonly decode: (message: EventReader) => unknown[];
}

/** A generated class; carries the description of its interface. */
export interface ProxyType<P extends WaylandProxy = WaylandProxy> {
  new (connection: ProxyOwner, id: number, version: number): P;
  readonly interfaceName: string;
  readonly interfaceVersion: number;
  readonly events: readonly EventSpec[];
}

/** The connection that proxies live in. */
export interface ProxyOwner {
  readonly writer: MessageWriter;
  lookup(id: number): WaylandProxy | undefined;
  /** Makes a proxy with a fresh id; with `id` for an object that the server made. */
  create<P extends WaylandProxy>(type: ProxyType<P>, version: number, id?: number): P;
  /** The client sent a destructor; the id is free once the server confirms it. */
  destroyed(proxy: WaylandProxy): void;
}

/** One object on the server. The generated subclasses add a method for each request. */
export abstract class WaylandProxy<Events extends object = object> {
  /** Receives the events that it has methods for. */
  listener: Partial<Events> = {};
  alive = true;

  constructor(readonly connection: ProxyOwner, readonly id: number, readonly version: number) {}

  /** Starts a request message. */
  protected request(opcode: number): MessageWriter {
    if (!this.alive) throw new Error(`object ${this.id} was destroyed and cannot take requests`);
    return this.connection.writer.begin(this.id, opcode);
  }

  protected destructed(): void {
    this.alive = false;
    this.connection.destroyed(this);
  }
}

/** Reads events: the wire's arguments plus objects of one connection. */
export class EventReader {
  message!: MessageReader;
  version = 1;

  constructor(readonly connection: ProxyOwner) {}

  uint = () => this.message.uint();
  int = () => this.message.int();
  fixed = () => this.message.fixed();
  string = () => this.message.string();
  nullableString = () => this.message.nullableString();
  array = () => this.message.array();
  fd = () => this.message.fd();

  /** Null also for an object that this client has destroyed meanwhile. */
  object<P extends WaylandProxy>(type: ProxyType<P>): P | null {
    const object = this.connection.lookup(this.message.uint());
    return object instanceof type ? object : null;
  }

  newProxy<P extends WaylandProxy>(type: ProxyType<P>): P {
    const version = Math.min(this.version, type.interfaceVersion);
    return this.connection.create(type, version, this.message.uint());
  }
}
