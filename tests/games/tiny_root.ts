/**
 * Test double of a game: a root of a few of this machine's own programs with a shell script as the
 * game. It needs no runtime layer and so no network.
 */
import { basename, dirname, join } from "node:path";
import type { GameEnvironment } from "../../src/media/stages.ts";
import type { ManifestChanges } from "../../src/games/import_source.ts";
import { GameLibrary } from "../../src/games/library.ts";

const PROGRAMS = [
  ..."sh bash cat ls sleep id mkdir touch rm head dd stat readlink env ln cp".split(" "),
  ..."perl setsid nohup mknod chmod grep true".split(" "),
];

async function output(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr, success } = await new Deno.Command(program, { args }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${text(stderr)}`);
  return text(stdout);
}

/** Makes the folder of a game whose program is `script`, run by /bin/sh. */
export async function makeTinyRoot(
  folder: string,
  script: string,
  programs = PROGRAMS,
): Promise<void> {
  for (const path of ["usr/bin", "usr/lib", "usr/lib64"]) {
    await Deno.mkdir(join(folder, path), { recursive: true });
  }
  for (const name of ["bin", "lib", "lib64"]) await Deno.symlink(`usr/${name}`, join(folder, name));
  await addPrograms(folder, programs.map((program) => `/usr/bin/${program}`));
  await Deno.writeTextFile(join(folder, "play"), script);
}

/** Adds programs of this machine, with the libraries they need, to such a folder. */
export async function addPrograms(folder: string, programs: string[]): Promise<void> {
  const libraries = new Set<string>();
  for (const path of programs) {
    const target = join(folder, "usr/bin", basename(path));
    await Deno.copyFile(await Deno.realPath(path), target);
    for (const [, library] of (await output("ldd", path)).matchAll(/(\/\S+) \(0x/g)) {
      libraries.add(library);
    }
  }
  for (const library of libraries) {
    const target = join(folder, library.startsWith("/usr") ? library : `/usr${library}`);
    await Deno.mkdir(dirname(target), { recursive: true });
    await Deno.copyFile(await Deno.realPath(library), target);
  }
}

/** A data directory with games made of scripts, and sessions in it. */
export class TinyLibrary {
  private constructor(readonly folder: string, readonly library: GameLibrary) {}

  static async create(): Promise<TinyLibrary> {
    const folder = await Deno.makeTempDir({ prefix: "gamelan-games-" });
    return new TinyLibrary(folder, new GameLibrary({ dataDir: join(folder, "data") }));
  }

  get dataDir(): string {
    return join(this.folder, "data");
  }

  /** Imports a game whose program is `script`. */
  async add(id: string, script: string, changes: ManifestChanges = {}): Promise<void> {
    const source = join(this.folder, `source-${id}`);
    await makeTinyRoot(source, script);
    await this.library.import(source, {
      id,
      runtime: "none",
      command: ["/bin/sh", "/play"],
      saves: [{ name: "progress", path: "progress" }],
      ...changes,
    });
    await Deno.remove(source, { recursive: true });
  }

  /** Environment of a session called `sessionId`. */
  session(sessionId: string, more: Partial<GameEnvironment> = {}): GameEnvironment {
    return {
      sessionId,
      user: "anna",
      sound: { env: {}, sockets: [] },
      mode: { width: 1280, height: 720, fps: 60 },
      runDir: join(this.folder, "run", sessionId),
      dataDir: this.dataDir,
      ...more,
    };
  }

  async remove(): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
