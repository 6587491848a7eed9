/**
 * Reads Wayland protocol descriptions. Form: wayland.dtd of the wayland repository.
 */

export type ArgumentType =
  | "int"
  | "uint"
  | "fixed"
  | "string"
  | "object"
  | "new_id"
  | "array"
  | "fd";

export interface ProtocolArgument {
  name: string;
  type: ArgumentType;
  /** Interface of an object or new object; absent where it can be any. */
  interface?: string;
  nullable: boolean;
}

/** A request or an event; its index in its list is the opcode. */
export interface ProtocolMessage {
  name: string;
  since: number;
  destructor: boolean;
  summary: string;
  arguments: ProtocolArgument[];
}

export interface ProtocolEnum {
  name: string;
  entries: { name: string; value: number }[];
}

export interface ProtocolInterface {
  name: string;
  version: number;
  summary: string;
  requests: ProtocolMessage[];
  events: ProtocolMessage[];
  enums: ProtocolEnum[];
}

interface Element {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
}

const entities: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The subset of XML these files use: elements, attributes, comments; text is dropped. */
function parseXml(text: string): Element {
  const root: Element = { name: "", attributes: {}, children: [] };
  const open = [root];
  const tags =
    /<!--[\s\S]*?-->|<[?!][^>]*>|<\/([\w-]+)\s*>|<([\w-]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>/g;
  for (const [, closed, name, attributes, empty] of text.matchAll(tags)) {
    if (closed) {
      const last = open.pop()!;
      if (last.name !== closed) throw new Error(`expected </${last.name}>, got </${closed}>`);
    } else if (name) {
      const element: Element = { name, attributes: {}, children: [] };
      for (const [, key, value] of attributes.matchAll(/([\w:-]+)="([^"]*)"/g)) {
        element.attributes[key] = value.replace(
          /&(\w+);/g,
          (all, entity) => entities[entity] ?? all,
        );
      }
      open.at(-1)!.children.push(element);
      if (!empty) open.push(element);
    }
  }
  if (open.length !== 1) throw new Error(`expected </${open.at(-1)!.name}>, got the end`);
  return root;
}

const named = (element: Element, name: string) =>
  element.children.filter((child) => child.name === name);

function attribute(element: Element, name: string): string {
  const value = element.attributes[name];
  if (value === undefined) throw new Error(`expected attribute ${name} on <${element.name}>`);
  return value;
}

const summary = (element: Element) =>
  (named(element, "description")[0]?.attributes.summary ?? "").replace(/\s+/g, " ");

const message = (element: Element): ProtocolMessage => ({
  name: attribute(element, "name"),
  since: Number(element.attributes.since ?? 1),
  destructor: element.attributes.type === "destructor",
  summary: summary(element),
  arguments: named(element, "arg").map((argument) => ({
    name: attribute(argument, "name"),
    type: attribute(argument, "type") as ArgumentType,
    interface: argument.attributes.interface,
    nullable: argument.attributes["allow-null"] === "true",
  })),
});

/** The interfaces of one protocol file. Throws where the text is not of the expected form. */
export function parseProtocol(text: string): ProtocolInterface[] {
  const protocol = named(parseXml(text), "protocol")[0];
  if (!protocol) throw new Error("expected a <protocol> element");
  return named(protocol, "interface").map((element) => ({
    name: attribute(element, "name"),
    version: Number(attribute(element, "version")),
    summary: summary(element),
    requests: named(element, "request").map(message),
    events: named(element, "event").map(message),
    enums: named(element, "enum").map((list) => ({
      name: attribute(list, "name"),
      entries: named(list, "entry").map((entry) => ({
        name: attribute(entry, "name"),
        value: Number(attribute(entry, "value")),
      })),
    })),
  }));
}
