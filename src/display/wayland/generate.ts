/**
 * Writes `generated/*.ts` from `protocols/*.xml`: for each interface its enums, the server's typed
 * request table and event senders, and the client's typed event table and request senders.
 *
 * Run by `deno task generate`; with `--check` nothing is written and the exit code is 1 where the
 * committed output is not what the XML gives.
 */
import { basename, join } from "node:path";
import {
  parseProtocol,
  type ProtocolArgument,
  type ProtocolInterface,
  type ProtocolMessage,
} from "./protocol_xml.ts";

const folder = import.meta.dirname!;

const pascal = (name: string) => name.replace(/(?:^|_)([a-z0-9])/g, (_, c) => c.toUpperCase());
const camel = (name: string) => name.replace(/_+([a-z0-9])/g, (_, c) => c.toUpperCase());
/** TypeScript's reserved words that protocols use as argument names. */
const reserved = ["interface", "class", "default", "enum", "export", "import", "package"];
const parameter = (argument: ProtocolArgument) => {
  const name = camel(argument.name).replace(/_$/, "");
  return reserved.includes(name) ? `${name}Name` : name;
};

type Side = "Resource" | "Proxy";

/** TypeScript type of an argument; undefined: an interface of no vendored protocol. */
class Names {
  readonly #home = new Map<string, string>();
  readonly used = new Map<string, Set<string>>();

  constructor(protocols: Map<string, ProtocolInterface[]>, readonly file: string) {
    for (const [name, interfaces] of protocols) {
      for (const { name: interfaceName } of interfaces) this.#home.set(interfaceName, name);
    }
  }

  /** The class for an interface, imported where it lives in another file. */
  classOf(interfaceName: string, side: Side): string | undefined {
    const home = this.#home.get(interfaceName);
    if (!home) return undefined;
    const className = pascal(interfaceName) + side;
    if (home !== this.file) this.use(`./${home}.ts`, className);
    return className;
  }

  /** Imports `name` (`type Name` for a type) and returns it as the code says it. */
  use(module: string, name: string): string {
    if (!this.used.has(module)) this.used.set(module, new Set());
    this.used.get(module)!.add(name);
    return name.replace(/^type /, "");
  }
}

const plainTypes: Record<string, string> = {
  int: "number",
  uint: "number",
  fixed: "number",
  fd: "number",
  array: "Uint8Array",
};

function receivedType(argument: ProtocolArgument, side: Side, names: Names): string {
  switch (argument.type) {
    case "string":
      return argument.nullable ? "string | null" : "string";
    case "new_id":
      if (!argument.interface) return names.use("../resource.ts", "type UntypedNewId");
      return names.classOf(argument.interface, side)!;
    case "object": {
      if (!argument.interface) return "unknown";
      const className = names.classOf(argument.interface, side);
      if (!className) return "null";
      return argument.nullable || side === "Proxy" ? `${className} | null` : className;
    }
    default:
      return plainTypes[argument.type];
  }
}

function decodeArgument(argument: ProtocolArgument, side: Side, names: Names): string {
  switch (argument.type) {
    case "string":
      return argument.nullable ? "m.nullableString()" : "m.string()";
    case "new_id":
      if (!argument.interface) return "m.untypedNewId()";
      return `m.new${side}(${names.classOf(argument.interface, side)})`;
    case "object": {
      if (!argument.interface) return "m.uint()";
      const className = names.classOf(argument.interface, side) ?? "undefined";
      return `m.${
        argument.nullable && side === "Resource" ? "nullableObject" : "object"
      }(${className})`;
    }
    default:
      return `m.${argument.type}()`;
  }
}

const decoder = (message: ProtocolMessage, side: Side, names: Names) =>
  message.arguments.length === 0
    ? "() => []"
    : `(m) => [${message.arguments.map((a) => decodeArgument(a, side, names)).join(", ")}]`;

const documented = (summary: string) => summary ? `/** ${summary} */\n` : "";

function handlerInterface(
  name: string,
  base: string,
  messages: ProtocolMessage[],
  side: Side,
  names: Names,
): string {
  const methods = messages.map((message) => {
    const parameters = message.arguments.map((argument) =>
      `${parameter(argument)}: ${receivedType(argument, side, names)}`
    );
    const optional = message.destructor && side === "Resource" ? "?" : "";
    return `${documented(message.summary)}${camel(message.name)}${optional}(${
      parameters.join(", ")
    }): void;`;
  });
  return `export interface ${name}${base} {\n${methods.join("\n")}\n}`;
}

function write(argument: ProtocolArgument): string {
  const value = parameter(argument);
  switch (argument.type) {
    case "object":
      return `.uint(${value}?.id ?? 0)`;
    case "new_id":
      return `.uint(${value}.id)`;
    default:
      return `.${argument.type}(${value})`;
  }
}

function sentType(argument: ProtocolArgument, side: Side, names: Names): string {
  switch (argument.type) {
    case "object": {
      const base = side === "Resource"
        ? names.use("../resource.ts", "Resource")
        : names.use("../proxy.ts", "WaylandProxy");
      const className = argument.interface ? names.classOf(argument.interface, side) : base;
      return `${className ?? base} | null`;
    }
    case "new_id":
      return names.classOf(argument.interface!, side)!;
    case "string":
      return argument.nullable ? "string | null" : "string";
    default:
      return plainTypes[argument.type];
  }
}

function eventSender(message: ProtocolMessage, opcode: number, names: Names): string {
  const parameters = message.arguments.map((argument) =>
    `${parameter(argument)}: ${sentType(argument, "Resource", names)}`
  );
  const guard = message.since > 1 ? `if (this.version < ${message.since}) return;` : "";
  const since = message.since > 1 ? ` Sent from version ${message.since} on.` : "";
  return `${documented(message.summary + (since && `.${since}`))}${camel(message.name)}(${
    parameters.join(", ")
  }): void {
    ${guard}
    this.event(${opcode})${message.arguments.map(write).join("")}.end();
  }`;
}

function requestSender(message: ProtocolMessage, opcode: number, names: Names): string {
  const created = message.arguments.find((argument) => argument.type === "new_id");
  const untyped = created && !created.interface;
  const parameters = message.arguments.filter((argument) => argument !== created)
    .map((argument) => `${parameter(argument)}: ${sentType(argument, "Proxy", names)}`);
  const body: string[] = [];
  let generic = "";
  let result = "void";
  if (untyped) {
    // The interface's name and version travel with the id; see "Wire Format", new_id.
    parameters.push(
      `type: ${names.use("../proxy.ts", "type ProxyType")}<P>`,
      "version: number",
    );
    generic = `<P extends ${names.use("../proxy.ts", "WaylandProxy")}>`;
    result = "P";
    body.push("const created = this.connection.create(type, version);");
  } else if (created) {
    result = names.classOf(created.interface!, "Proxy")!;
    body.push(`const created = this.connection.create(${result}, this.version);`);
  }
  const writes = message.arguments.map((argument) => {
    if (argument !== created) return write(argument);
    const head = untyped ? ".string(type.interfaceName).uint(version)" : "";
    return `${head}.uint(created.id)`;
  });
  body.push(`this.request(${opcode})${writes.join("")}.end();`);
  if (message.destructor) body.push("this.destructed();");
  if (created) body.push("return created;");
  return `${documented(message.summary)}${camel(message.name)}${generic}(${
    parameters.join(", ")
  }): ${result} {\n${body.join("\n")}\n}`;
}

function interfaceSource(description: ProtocolInterface, names: Names): string {
  const { name, version, requests, events } = description;
  const title = pascal(name);
  const enums = description.enums.map(({ name: enumName, entries }) => {
    const values = entries.map((entry) => `"${camel(entry.name)}": ${entry.value}`);
    return `export const ${title}${pascal(enumName)} = {${values.join(", ")}} as const;`;
  });
  const resource = names.use("../resource.ts", "Resource");
  const handler = names.use("../resource.ts", "type ResourceHandler");
  const requestSpec = names.use("../resource.ts", "type RequestSpec");
  const proxy = names.use("../proxy.ts", "WaylandProxy");
  const eventSpec = names.use("../proxy.ts", "type EventSpec");
  const requestTable = requests.map((message) =>
    `{ name: "${
      camel(message.name)
    }", since: ${message.since}, destructor: ${message.destructor}, decode: ${
      decoder(message, "Resource", names)
    } },`
  );
  const eventTable = events.map((message) =>
    `{ name: "${camel(message.name)}", decode: ${decoder(message, "Proxy", names)} },`
  );
  return [
    ...enums,
    handlerInterface(
      `${title}Requests`,
      ` extends ${handler}`,
      requests,
      "Resource",
      names,
    ),
    `/** Server side of ${name}: ${description.summary} */
export class ${title}Resource extends ${resource}<${title}Requests> {
  static readonly interfaceName = "${name}";
  static readonly interfaceVersion = ${version};
  static readonly requests: readonly ${requestSpec}[] = [${requestTable.join("\n")}];
  ${events.map((message, opcode) => eventSender(message, opcode, names)).join("\n\n")}
}`,
    events.length > 0
      ? handlerInterface(`${title}Events`, "", events, "Proxy", names)
      : `export type ${title}Events = Record<never, never>;`,
    `/** Client side of ${name}: ${description.summary} */
export class ${title}Proxy extends ${proxy}<${title}Events> {
  static readonly interfaceName = "${name}";
  static readonly interfaceVersion = ${version};
  static readonly events: readonly ${eventSpec}[] = [${eventTable.join("\n")}];
  ${requests.map((message, opcode) => requestSender(message, opcode, names)).join("\n\n")}
}`,
  ].join("\n\n");
}

function moduleSource(file: string, protocols: Map<string, ProtocolInterface[]>): string {
  const names = new Names(protocols, file);
  const body = protocols.get(file)!.map((description) => interfaceSource(description, names));
  const imports = [...names.used].sort(([a], [b]) => a < b ? -1 : 1).map(([module, used]) =>
    `import { ${[...used].sort().join(", ")} } from "${module}";`
  );
  return [
    `// Generated from protocols/${file}.xml by \`deno task generate\`; do not edit.`,
    imports.join("\n"),
    ...body,
  ].join("\n\n");
}

async function format(source: string): Promise<string> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--no-config", "--ext", "ts", "--line-width", "100", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(source));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  if (!success) throw new Error(`deno fmt: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** File name → content of everything under `generated/`, from the XML as it is now. */
export async function generateBindings(): Promise<Map<string, string>> {
  const protocols = new Map<string, ProtocolInterface[]>();
  const files = [...Deno.readDirSync(join(folder, "protocols"))].map((entry) => entry.name);
  for (const file of files.filter((name) => name.endsWith(".xml")).sort()) {
    const text = Deno.readTextFileSync(join(folder, "protocols", file));
    protocols.set(basename(file, ".xml"), parseProtocol(text));
  }
  const sources = new Map<string, string>();
  for (const file of protocols.keys()) {
    sources.set(`${file}.ts`, await format(moduleSource(file, protocols)));
  }
  return sources;
}

/** Names of the generated files that differ from `sources`, or are left over. */
export function staleBindings(sources: Map<string, string>): string[] {
  const target = join(folder, "generated");
  const present = new Set<string>();
  try {
    for (const entry of Deno.readDirSync(target)) present.add(entry.name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const stale = [...sources.keys()].filter((name) =>
    !present.has(name) || Deno.readTextFileSync(join(target, name)) !== sources.get(name)
  );
  return [...stale, ...[...present].filter((name) => !sources.has(name))];
}

if (import.meta.main) {
  const sources = await generateBindings();
  const stale = staleBindings(sources);
  if (Deno.args.includes("--check")) {
    for (const name of stale) console.error(`generated/${name} is not current`);
    if (stale.length > 0) console.error("Run: deno task generate");
    Deno.exit(stale.length > 0 ? 1 : 0);
  }
  Deno.mkdirSync(join(folder, "generated"), { recursive: true });
  for (const name of stale) {
    const path = join(folder, "generated", name);
    const source = sources.get(name);
    if (source === undefined) Deno.removeSync(path);
    else Deno.writeTextFileSync(path, source);
  }
  console.log(`${sources.size} files, ${stale.length} changed`);
}
