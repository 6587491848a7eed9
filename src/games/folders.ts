/**
 * Where the library lies in Gamelan's data directory, and the lock that keeps two imports apart.
 *
 * games/<id>.erofs     a game, read-only
 * games/<id>.json      its index entry: manifest, SHA-256, signature
 * games/<id>.art.*     its picture for the library
 * games/.work/         half-made things; safe to delete when nothing is being imported
 * games/.trees/        unpacked games, only where packages cannot be mounted
 * runtimes/            runtime layers
 * cache/apt/           package lists and downloads
 * saves/               see saves.ts
 * keys/*.pub           ed25519 public keys whose signatures are trusted
 */
import { join, resolve } from "node:path";
import { lockFile } from "../system/file_lock.ts";
import { run } from "./command.ts";

export class LibraryFolders {
  readonly games: string;
  readonly runtimes: string;
  readonly trees: string;
  readonly saves: string;
  readonly keys: string;
  private readonly work: string;

  constructor(readonly dataDir: string) {
    const root = resolve(dataDir);
    this.games = join(root, "games");
    this.runtimes = join(root, "runtimes");
    this.trees = join(this.games, ".trees");
    this.work = join(this.games, ".work");
    this.saves = join(root, "saves");
    this.keys = join(root, "keys");
  }

  aptCache(release: string): string {
    return join(resolve(this.dataDir), "cache/apt", release);
  }

  async create(): Promise<void> {
    for (const folder of [this.games, this.runtimes, this.work]) {
      await Deno.mkdir(folder, { recursive: true });
    }
  }

  /** A new folder on the same file system as the library, so that a rename into it is atomic. */
  async workFolder(): Promise<string> {
    await this.create();
    return await Deno.makeTempDir({ dir: this.work });
  }

  /**
   * Runs `task` as the only import of this library, also among processes. What a killed import
   * left behind is removed first.
   */
  async exclusively<T>(task: () => Promise<T>, onWait?: () => void): Promise<T> {
    await this.create();
    using _ = await lockFile(join(this.games, ".lock"), onWait);
    for await (const entry of Deno.readDir(this.work)) {
      await removeTree(join(this.work, entry.name));
    }
    return await task();
  }
}

/** Removes a folder with all that is in it, also where an archive made parts of it unwritable. */
export async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    await run(["chmod", "-R", "u+rwX", path], { accept: [0, 1] });
    await Deno.remove(path, { recursive: true });
  }
}
