/**
 * A test double of a game for the box: an SDL program that tells what it sees of its controllers, and
 * beside it a shell that runs, in the same sandbox, what a test asks it to.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ManifestInput } from "../../../src/games/manifest.ts";
import { until } from "../../e2e/browser.ts";
import { addPrograms, makeTinyRoot } from "../../games/tiny_root.ts";
import { filesOfTail, type Followed } from "../followed.ts";
import type { Machine } from "../machine.ts";

/** An interpreted machine is slow, not broken. */
const SLOW_MS = 180_000;
const sources = fileURLToPath(new URL(".", import.meta.url));

/** Runs what comes by the pipe `ask` in the home, and puts what it said into the pipe `answer`. */
const SHELL = `
cd /home/player
(
  until [ -p ask ]; do sleep 1; done
  while cat ask >asked; do
    sh asked >said 2>&1 </dev/null
    echo "ended with $?" >>said
    cat said >answer
  done
) &
exec game
`;

const PROGRAMS = "sh cat ls sleep id mknod head tail stat grep stdbuf timeout jstest evtest";

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command} ${args}: ${new TextDecoder().decode(stderr)}`);
}

/** Compiles a C program of this folder with gcc. */
export async function compile(name: string, target: string, ...flags: string[]): Promise<void> {
  await run("gcc", "-O1", "-Wall", "-Werror", "-o", target, join(sources, `${name}.c`), ...flags);
}

/**
 * Makes the game's archive, to be imported on the box: the program, jstest and evtest, and of this
 * machine SDL and what it needs.
 */
export async function makeGame(folder: string, archive: string): Promise<void> {
  const root = join(folder, "controllers-game");
  await Deno.mkdir(root);
  await makeTinyRoot(root, SHELL, PROGRAMS.split(" "));
  const program = join(folder, "game");
  await compile("game", program, "-l:libSDL2-2.0.so.0");
  await addPrograms(root, [program]);
  // What makes a program's output come line by line.
  const lineByLine = "usr/libexec/coreutils/libstdbuf.so";
  await Deno.mkdir(join(root, dirname(lineByLine)), { recursive: true });
  await Deno.copyFile(`/${lineByLine}`, join(root, lineByLine));
  const manifest: ManifestInput = {
    format: 1,
    id: "controllers",
    title: "Controllers",
    command: ["/bin/sh", "/play"],
    directory: "/",
    runtime: "none",
    players: 4,
    saves: [{ name: "home", path: "." }],
    wants: ["x11", "evdev"],
    architecture: Deno.build.arch === "aarch64" ? "arm64" : "amd64",
  };
  await Deno.writeTextFile(join(root, "gamelan.json"), JSON.stringify(manifest));
  await run("tar", "-C", folder, "-cf", archive, "controllers-game");
  await Deno.remove(root, { recursive: true });
}

/** One line of the game's. */
export interface GameEvent {
  event: string;
  [key: string]: string | number;
}

/** The game of one session in the box. */
export class GameInBox implements AsyncDisposable {
  readonly #log: Followed;
  /** What {@linkcode follow} was asked for. */
  readonly #files: Followed[] = [];

  private constructor(
    readonly machine: Machine,
    readonly sessionId: string,
    readonly runDir: string,
    /** The game's home, as the machine sees it. */
    readonly homeFolder: string,
  ) {
    this.#log = machine.follow(`exec tail -n +1 -f ${runDir}/game.log`);
  }

  /** Finds the folders of a session whose game has started. */
  static async find(
    machine: Machine,
    sessionId: string,
    user: string,
    gameId: string,
  ): Promise<GameInBox> {
    const runDir = await machine.output(`ls -d /run/gamelan/*/${sessionId}`);
    const home = `/var/lib/gamelan/saves/${user}/${gameId}/current/home`;
    await machine.output(`cd ${home} && mkfifo -m 666 answer ask`);
    return new GameInBox(machine, sessionId, runDir, home);
  }

  get inputFolder(): string {
    return join(this.runDir, "input");
  }

  /** A path of the game's home, as the machine sees it. */
  home(path: string): string {
    return join(this.homeFolder, path);
  }

  /** What the game has said so far. */
  events(): GameEvent[] {
    const lines = this.#log.text.split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  /** Waits for lines of the game's that are as wanted, after the first `from` of them. */
  async until(
    what: string,
    check: (events: GameEvent[]) => boolean | undefined,
    from = 0,
  ): Promise<GameEvent[]> {
    let events: GameEvent[] = [];
    await until(what, () => {
      events = this.events().slice(from);
      return check(events);
    }, SLOW_MS).catch((error) => {
      throw new Error(`${error.message}; the game said: ${JSON.stringify(events.slice(-20))}`);
    });
    return events;
  }

  /** Runs a shell script in the game's sandbox, as the game; gives what it wrote. */
  async ask(script: string): Promise<string> {
    const file = Buffer.from(script).toString("base64");
    return await this.machine.output(
      `cd ${this.homeFolder} && echo ${file} | base64 -d >ask && timeout 180 cat answer`,
    );
  }

  /** Files of the game's home as they grow, by path. */
  follow(...paths: string[]): () => Map<string, string> {
    // Of a single file tail would not tell the name.
    const followed = this.machine.follow(
      `cd ${this.homeFolder} && exec tail -n +1 -f ${paths.join(" ")} /dev/null`,
    );
    this.#files.push(followed);
    return () => filesOfTail(followed.text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.#log, ...this.#files]) await each[Symbol.asyncDispose]();
  }
}
