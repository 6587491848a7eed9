/**
 * The server side's view of protocol objects: what the generated `…Resource` classes build on.
 */
import { type MessageReader, type MessageWriter, WireError } from "./wire.ts";

/** What every request handler may have besides the requests of its interface. */
export interface ResourceHandler {
  /** The client destroyed the object, or is gone. Called once. */
  destroyed?(): void;
}

/** One request of an interface; its index in the table is the opcode. */
export interface RequestSpec {
  /** Handler method. */
  readonly name: string;
  /** First version of the interface that has it. */
  readonly since: number;
  /** The object is gone after this request. */
  readonly destructor: boolean;
  /** Reads the arguments. Throws {@linkcode WireError} or {@linkcode ObjectError}. */
  readonly decode: (message: RequestReader) => unknown[];
}

/** A generated class; carries the description of its interface. */
export interface ResourceType<R extends Resource = Resource> {
  new (client: ResourceOwner, id: number, version: number): R;
  readonly interfaceName: string;
  readonly interfaceVersion: number;
  readonly requests: readonly RequestSpec[];
}

/** The connection that resources live in. */
export interface ResourceOwner {
  readonly writer: MessageWriter;
  lookup(id: number): Resource | undefined;
  /** Makes the object for an id the client chose. Throws {@linkcode ObjectError} where it may not. */
  create<R extends Resource>(type: ResourceType<R>, id: number, version: number): R;
}

/** One object of one client. The generated subclasses add a method for each event. */
export abstract class Resource<Handler extends ResourceHandler = ResourceHandler> {
  /** Receives the requests; where absent they are read and ignored. */
  handler: Handler | undefined;
  /** False once destroyed; events are no longer sent then. */
  alive = true;

  constructor(readonly client: ResourceOwner, readonly id: number, readonly version: number) {}

  /** Starts an event message. */
  protected event(opcode: number): MessageWriter {
    return this.client.writer.begin(this.id, opcode);
  }
}

/** The type-erased `new_id` of `wl_registry.bind`. */
export interface UntypedNewId {
  interfaceName: string;
  version: number;
  id: number;
}

/** A request names an object that does not exist, is of another interface, or may not be made. */
export class ObjectError extends Error {
  override name = "ObjectError";
}

/** A request that breaks a rule of its interface; the client is told and cut off. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
  /** `code`: one of the interface's `error` enum. */
  constructor(readonly resource: Resource, readonly code: number, message: string) {
    super(message);
  }
}

/** Reads requests: the wire's arguments plus objects of one client. */
export class RequestReader {
  message!: MessageReader;
  /** Version of the object that the request is for; objects it makes have the same one. */
  version = 1;

  constructor(readonly client: ResourceOwner) {}

  uint = () => this.message.uint();
  int = () => this.message.int();
  fixed = () => this.message.fixed();
  string = () => this.message.string();
  nullableString = () => this.message.nullableString();
  array = () => this.message.array();
  fd = () => this.message.fd();

  object<R extends Resource>(type: ResourceType<R> | undefined): R {
    const object = this.nullableObject(type);
    if (!object) throw new WireError("expected an object, got null");
    return object;
  }

  /** `type` is undefined where no interface known here fits, so that only null can be right. */
  nullableObject<R extends Resource>(type: ResourceType<R> | undefined): R | null {
    const id = this.message.uint();
    if (id === 0) return null;
    const object = this.client.lookup(id);
    if (!type || !(object instanceof type)) {
      throw new ObjectError(`object ${id} is not a ${type?.interfaceName ?? "known object"}`);
    }
    return object;
  }

  newResource<R extends Resource>(type: ResourceType<R>): R {
    const version = Math.min(this.version, type.interfaceVersion);
    return this.client.create(type, this.message.uint(), version);
  }

  untypedNewId(): UntypedNewId {
    return { interfaceName: this.string(), version: this.uint(), id: this.uint() };
  }
}

/**
 * The handler of `resource` as an instance of `type`.
 * Throws {@linkcode ObjectError} where it has none, that is where the object is inert.
 */
export function handlerOf<T extends object>(
  resource: Resource,
  type: abstract new (...args: never[]) => T,
): T {
  if (resource.handler instanceof type) return resource.handler;
  throw new ObjectError(`object ${resource.id} can no longer be used`);
}
