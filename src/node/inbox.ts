/**
 * Game packages that somebody brought to this machine on a stick. Copies of them lie in
 * `<dataDir>/inbox`, where a program that may read sticks puts them (image/mkosi.extra/usr/lib/box/
 * take-games); from there they are imported as any other package.
 *
 * NAME.erofs        a package; removed once it is imported or refused
 * NAME.erofs.sig    its signature, where it has one
 * NAME.erofs.error  in place of a package that could not be copied: why
 * taken             a line for each package that was imported, so that a stick which stays plugged in
 *                   brings nothing twice: its bytes, the second of its last change, its name
 *
 * Names that begin with a dot are of files that are still being written.
 */
import { basename, join } from "node:path";
import type { ImportJob } from "../protocol/library.ts";
import { logger } from "../system/log.ts";
import { importId, type Imports } from "./imports.ts";
import { watchFolder } from "./watch.ts";

const log = logger("inbox");
/** Longest reason that is read. */
const MAX_REASON_BYTES = 2000;
/** Packages that are remembered. */
const MAX_TAKEN = 1000;

export class Inbox {
  readonly folder: string;
  #endWatching: (() => Promise<void>) | undefined;
  #closed = false;
  /** Packages whose import has ended, until they are removed. */
  readonly #ended = new Set<string>();
  #clearing: Promise<void> = Promise.resolve();

  constructor(dataDir: string, readonly imports: Pick<Imports, "add" | "refuse">) {
    this.folder = join(dataDir, "inbox");
  }

  /** Imports what lies there, and what comes from now on. */
  async open(): Promise<void> {
    await Deno.mkdir(this.folder, { recursive: true, mode: 0o700 });
    this.#endWatching = watchFolder(this.folder, () => this.#look());
    await this.#look();
  }

  /** Imports that end from now on, such as those that are broken off, are made again by the next one. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#endWatching?.();
    await this.#clearing;
  }

  /** To be told of each import that has changed: one of this folder that has ended is cleared away. */
  update({ source, state }: Pick<ImportJob, "source" | "state">): void {
    if (this.#closed || (state !== "done" && state !== "failed")) return;
    if (!source.startsWith(`${this.folder}/`)) return;
    this.#ended.add(source);
    this.#clearing = this.#clearing.then(() => this.#clear(source, state === "done")).catch((
      error,
    ) => log.warn("a package was not cleared away", { source, error }));
  }

  async #look(): Promise<void> {
    const names = (await Array.fromAsync(Deno.readDir(this.folder)))
      .filter(({ name, isFile }) => isFile && !name.startsWith("."))
      .map(({ name }) => name).sort();
    for (const name of names) {
      const path = join(this.folder, name);
      if (this.#ended.has(path)) continue;
      if (name.endsWith(".erofs")) this.imports.add(importId(), path);
      else if (name.endsWith(".erofs.error")) {
        const reason = (await Deno.readTextFile(path)).slice(0, MAX_REASON_BYTES).trim();
        await Deno.remove(path);
        this.imports.refuse(importId(), path.slice(0, -".error".length), reason);
      }
    }
  }

  async #clear(source: string, imported: boolean): Promise<void> {
    const stat = await Deno.stat(source).catch(() => undefined);
    if (imported && stat?.mtime) {
      await this.#remember(
        `${stat.size} ${Math.floor(stat.mtime.getTime() / 1000)} ${basename(source)}`,
      );
    }
    for (const path of [source, `${source}.sig`]) {
      await Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
    this.#ended.delete(source);
  }

  async #remember(line: string): Promise<void> {
    const path = join(this.folder, "taken");
    const before = await Deno.readTextFile(path).catch(() => "");
    const lines = before.split("\n").filter((one) => one !== "" && one !== line);
    await Deno.writeTextFile(`${path}.new`, [...lines, line].slice(-MAX_TAKEN).join("\n") + "\n");
    await Deno.rename(`${path}.new`, path);
  }
}
