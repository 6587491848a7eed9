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

  /** Runs it, and one may hear what it says meanwhile. */
  follow(...args: string[]): Followed {
    return new Followed(this, this.spawn(...args));
  }
}

/** A program that is heard while it runs. */
export class Followed {
  /** What it has said on standard error. */
  said = "";
  readonly #heard: Promise<void>;
  readonly #stdout: Promise<string>;

  constructor(readonly operator: Operator, readonly child: Deno.ChildProcess) {
    this.#stdout = new Response(child.stdout).text();
    this.#heard = this.#hear();
  }

  async #hear(): Promise<void> {
    for await (const text of this.child.stderr.pipeThrough(new TextDecoderStream())) {
      this.said += text;
    }
  }

  /** Waits for words on standard error. @throws where it ends before, or after a minute */
  async hears(words: string | RegExp): Promise<void> {
    let ended = false;
    this.#heard.then(() => ended = true);
    const there = () =>
      typeof words === "string" ? this.said.includes(words) : words.test(this.said);
    for (let tries = 0; !there(); tries++) {
      if (ended || tries > 1200) throw new Error(`expected it to say "${words}":\n${this.said}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  async end(): Promise<Said> {
    const { code } = await this.child.status;
    await this.#heard;
    return { code, stdout: await this.#stdout, stderr: this.said };
  }

  /** What the death of the operator's machine does: the program and its connections are gone at once. */
  async die(): Promise<void> {
    this.child.kill("SIGKILL");
    for (const { name } of Deno.readDirSync("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const words = Deno.readTextFileSync(`/proc/${name}/cmdline`);
        const own = /^(ssh|rsync)\b/.test(words) && words.includes(this.operator.places.folder);
        if (own) Deno.kill(Number(name), "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    await this.end();
  }
}
