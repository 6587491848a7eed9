/** Commands on boxes, by the OpenSSH client of this machine. */
import { join } from "node:path";
import { replaceFile } from "./durable_file.ts";
import type { Host, Inventory } from "./inventory.ts";
import { type FleetFolders, sshConfig, sshConfigFile } from "./ssh_config.ts";
import { type ConnectionProblem, connectionProblem } from "./ssh_failure.ts";

/** There is no connection, so nothing is known of what happens on the box. */
export class ConnectionFailed extends Error {
  override name = "ConnectionFailed";
  readonly kind: ConnectionProblem["kind"];
  constructor(problem: ConnectionProblem) {
    super(problem.message);
    this.kind = problem.kind;
  }
}

export interface RemoteResult {
  code: number;
  stdout: string;
  stderr: string;
}

export interface RemoteOptions {
  /** Standard input; nothing where absent. */
  input?: string;
  /** Over a connection of its own, made now. */
  fresh?: boolean;
  /** The connection is given up after this time. Default: 60 s. */
  timeoutMs?: number;
}

/** ssh's exit code where there was no connection, or it broke. */
const NO_CONNECTION = 255;

export class Ssh {
  /** Options of ssh for a connection that is shared with nothing. */
  static readonly ownConnection = ["-o", "ControlMaster=no", "-o", "ControlPath=none"];
  readonly #config: string;

  private constructor(readonly folders: FleetFolders) {
    this.#config = sshConfigFile(folders);
  }

  /**
   * Writes SSH's configuration for the inventory.
   *
   * @throws where this machine has no OpenSSH client
   */
  static async open(inventory: Inventory, folders: FleetFolders): Promise<Ssh> {
    const client = new Deno.Command("ssh", { args: ["-V"], stdin: "null", stderr: "null" });
    await client.output().catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error("ssh is needed on this machine: apt-get install openssh-client");
    });
    await Deno.mkdir(folders.state, { recursive: true, mode: 0o700 });
    await makeSocketFolder(folders.sockets);
    replaceFile(sshConfigFile(folders), sshConfig(inventory, folders));
    return new Ssh(folders);
  }

  /** The ssh command line up to the host, for rsync. */
  get command(): string[] {
    return ["ssh", "-F", this.#config];
  }

  /**
   * Runs a command on a box.
   *
   * @param argv  words; the remote shell sees them quoted
   * @throws ConnectionFailed where ssh has no connection, or lost it
   */
  run(host: Host, argv: string[], options: RemoteOptions = {}): Promise<RemoteResult> {
    return this.runShell(host, argv.map(shellQuote).join(" "), options);
  }

  /** The same with a line for the remote shell. */
  async runShell(host: Host, line: string, options: RemoteOptions = {}): Promise<RemoteResult> {
    const { input, fresh = false, timeoutMs = 60_000 } = options;
    const own = fresh ? Ssh.ownConnection : [];
    const [program, ...args] = this.command;
    const child = new Deno.Command(program, {
      args: [...args, ...own, ...(input === undefined ? ["-n"] : []), "--", host.name, line],
      // Ctrl-C in the terminal is for us: what was begun on a box is brought to its end.
      detached: true,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, timeoutMs);
    try {
      const output = child.output();
      if (input !== undefined) await write(child.stdin, input);
      const { code, stdout, stderr } = await output;
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      if (timedOut) {
        throw new ConnectionFailed({
          kind: "unreachable",
          message: `${host.name} did not answer within ${Math.round(timeoutMs / 1000)} s`,
        });
      }
      if (code === NO_CONNECTION) throw new ConnectionFailed(connectionProblem(host, text(stderr)));
      return { code, stdout: text(stdout), stderr: text(stderr) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the connection that commands share, where there is one. */
  async disconnect(host: Host): Promise<void> {
    const [program, ...args] = this.command;
    await new Deno.Command(program, {
      args: [...args, "-O", "exit", "--", host.name],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
  }
}

/** One word for a POSIX shell. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_/.:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

async function write(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  // A process that ended before it read everything says why by its exit code.
  await writer.write(new TextEncoder().encode(text)).catch(() => {});
  await writer.close().catch(() => {});
}

/** The default folder of sockets: short, and nobody else's. */
export function defaultSocketFolder(env: Record<string, string | undefined>): string {
  const runtime = env.XDG_RUNTIME_DIR;
  return runtime ? join(runtime, "gamelan-fleet") : `/tmp/gamelan-fleet-${Deno.uid()}`;
}

async function makeSocketFolder(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const { uid, mode, isDirectory } = await Deno.lstat(folder);
  if (!isDirectory || uid !== Deno.uid() || (mode! & 0o077) !== 0) {
    throw new Error(
      `expected ${folder} to be a folder of this user alone (mode 700): remove it and try again`,
    );
  }
}
