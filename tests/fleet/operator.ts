/** Who works on a fleet: `gamelan fleet` as a process of its own, with a home, pins and journals. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

export interface OperatorPlaces {
  /** The home; its path is short, because sockets lie below it. */
  folder: string;
  inventory: string;
  state: string;
}

/** What `gamelan fleet` said. */
export interface Said {
  code: number;
  stdout: string;
  stderr: string;
}

export class Operator {
  constructor(readonly places: OperatorPlaces) {}

  /** How the program is run. */
  command(...args: string[]) {
    const { folder, inventory, state } = this.places;
    const [verb, ...rest] = args;
    const runtime = join(folder, "run");
    Deno.mkdirSync(runtime, { recursive: true, mode: 0o700 });
    const common = ["--inventory", inventory, "--state", state];
    return {
      program: Deno.execPath(),
      args: ["run", "-A", "--no-check", main, "fleet", verb, ...common, ...rest],
      env: {
        DENO_DIR: Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME")!, ".cache/deno"),
        HOME: folder,
        XDG_RUNTIME_DIR: runtime,
      },
    };
  }

  /** The program's process, leader of a process group as in a terminal. */
  spawn(...args: string[]): Deno.ChildProcess {
    const { program, ...options } = this.command(...args);
    return new Deno.Command(program, {
      ...options,
      detached: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs it to its end. */
  async fleet(...args: string[]): Promise<Said> {
    const { code, stdout, stderr } = await this.spawn(...args).output();
    return { code, stdout: decode(stdout), stderr: decode(stderr) };
  }
}
