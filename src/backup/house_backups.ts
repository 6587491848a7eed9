/**
 * Backup and restore of a house that runs, as its page asks for them. A backup is packed beside the data
 * and then fetched; one to restore comes in pieces, is looked at, and is handed to `restart`, which
 * brings the house down and up again around {@linkcode restoreBackup}.
 */
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { BackupContent, BackupJob, Upload } from "../protocol/machine.ts";
import { logger } from "../system/log.ts";
import { Refusal } from "../system/refusal.ts";
import { createBackup } from "./create.ts";
import type { PartName } from "./manifest.ts";
import { extractConfig, readBackup } from "./restore.ts";

const log = logger("backup");
/** A backup holds keys: it does not lie around for longer. */
const KEEP_MS = 15 * 60_000;
/** What an upload leaves free on the disk, bytes. */
const SPARE_BYTES = 256 << 20;

export interface HouseBackupsOptions {
  dataDir: string;
  configFile: string;
  version: string;
  /** Why a backup could not be restored, where that was just tried. */
  failure?: string;
  /** Throws where a configuration file is wrong, with what is wrong. */
  checkConfig: (file: string) => void;
  /** Restarts the house into a backup; seconds until then. */
  restart: (file: string, parts: PartName[]) => number;
}

interface Packed extends BackupJob {
  file: string;
}

interface Arriving extends Upload {
  file: string;
  /** While a piece is written. */
  busy: boolean;
}

export class HouseBackups {
  /** Of this start of the house. */
  readonly run = crypto.randomUUID();
  readonly #folder: string;
  #job: Packed | undefined;
  #packing: Promise<void> | undefined;
  #upload: Arriving | undefined;
  #restoring = false;
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(private readonly options: HouseBackupsOptions) {
    this.#folder = join(options.dataDir, ".backups");
    // What a house left that was stopped in the middle.
    removeAll(this.#folder);
  }

  /** Starts to pack; one at a time. @throws Refusal */
  start(parts: PartName[]): BackupJob {
    if (this.#job?.state === "packing") {
      throw new Refusal("A backup is being packed already. Wait until it is ready.");
    }
    this.#drop(this.#job);
    const id = `b-${crypto.randomUUID().slice(0, 8)}`;
    const file = this.#path(id);
    const job: Packed = { id, state: "packing", part: null, bytes: null, reason: null, file };
    this.#job = job;
    this.#packing = this.#pack(job, parts);
    return publicJob(job);
  }

  /** Undefined where there is none of that id, or it was removed after a while. */
  job(id: string): BackupJob | undefined {
    return this.#job?.id === id ? publicJob(this.#job) : undefined;
  }

  /** Opens a packed backup. Undefined where there is none. */
  async open(id: string): Promise<{ bytes: number; body: ReadableStream<Uint8Array> } | undefined> {
    if (this.#job?.id !== id || this.#job.state !== "ready") return undefined;
    const opened = await Deno.open(this.#job.file);
    return { bytes: this.#job.bytes!, body: opened.readable };
  }

  /** Why the last restore failed; undefined where there was none or it did not. */
  get failure(): string | undefined {
    return this.options.failure;
  }

  /** Makes room for a backup of `bytes`. What came before is forgotten. @throws Refusal */
  async begin(bytes: number): Promise<Upload> {
    if (this.#restoring) throw new Refusal("The house is about to restart into a backup.");
    this.#drop(this.#upload);
    const { bavail, bsize } = await statfs(this.options.dataDir);
    const free = bavail * bsize - SPARE_BYTES;
    if (bytes > free) {
      const mb = (value: number) => `${Math.max(0, Math.floor(value / 1e6))} MB`;
      throw new Refusal(`The backup has ${mb(bytes)}, but only ${mb(free)} are free here.`);
    }
    const id = `r-${crypto.randomUUID().slice(0, 8)}`;
    const file = this.#path(id);
    Deno.writeFileSync(file, new Uint8Array(), { createNew: true, mode: 0o600 });
    this.#upload = { id, bytes, received: 0, file, busy: false };
    this.#expire(this.#upload);
    return publicUpload(this.#upload);
  }

  /** Undefined where there is no such upload. */
  upload(id: string): Upload | undefined {
    return this.#upload?.id === id ? publicUpload(this.#upload) : undefined;
  }

  /** Takes the piece that starts at `offset`. @throws Refusal where it is not the next one */
  async piece(id: string, offset: number, piece: Uint8Array): Promise<Upload> {
    const upload = this.#arriving(id);
    if (upload.busy || offset !== upload.received) {
      throw new Refusal(`Expected the piece at ${upload.received}, got the one at ${offset}.`);
    }
    if (offset + piece.length > upload.bytes) {
      throw new Refusal(`Expected ${upload.bytes} bytes in all, got more.`);
    }
    upload.busy = true;
    try {
      await Deno.writeFile(upload.file, piece, { append: true });
      upload.received += piece.length;
    } catch (error) {
      // A piece that was written by half would spoil all after it.
      await Deno.truncate(upload.file, upload.received).catch(() => {});
      throw error;
    } finally {
      upload.busy = false;
    }
    this.#expire(upload);
    return publicUpload(upload);
  }

  /** What an upload that is whole holds. @throws Refusal where it is no backup */
  async content(id: string): Promise<BackupContent> {
    const { file } = this.#whole(id);
    try {
      const { host, createdAt, gamelan, parts } = await readBackup(file);
      return { host, createdAt, gamelan, parts: parts.map(({ name, bytes }) => ({ name, bytes })) };
    } catch (error) {
      throw new Refusal(
        /of format/.test(String(error))
          ? "This backup was made by a newer Gamelan. Update this house first."
          : "This file is no backup of Gamelan, or it is damaged.",
        { cause: error },
      );
    }
  }

  /** Restarts the house into parts of an upload; seconds until then. @throws Refusal */
  async restore(id: string, parts: PartName[]): Promise<number> {
    if (this.#restoring) throw new Refusal("The house is about to restart into a backup.");
    const held = (await this.content(id)).parts.map(({ name }) => name);
    const missing = parts.filter((part) => !held.includes(part));
    if (missing.length > 0) throw new Refusal(`The backup does not hold ${missing.join(", ")}.`);
    const { file } = this.#whole(id);
    if (parts.includes("config")) await this.#checkConfig(file);
    this.#restoring = true;
    clearTimeout(this.#timers.get(id));
    return this.options.restart(file, parts);
  }

  /** Stops; what is to be restored stays. */
  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    await this.#packing;
    if (!this.#restoring) removeAll(this.#folder);
  }

  async #pack(job: Packed, parts: PartName[]): Promise<void> {
    try {
      const { dataDir, configFile, version } = this.options;
      const onPart = (part: PartName) => job.part = part;
      await createBackup(job.file, { dataDir, configFile, version, parts, onPart });
      job.bytes = (await Deno.stat(job.file)).size;
      job.state = "ready";
      this.#expire(job);
    } catch (error) {
      log.error("the backup was not packed", { error });
      job.state = "failed";
      job.reason = /No space left|ENOSPC/i.test(String(error))
        ? "The disk is full: a backup is packed here before it is fetched. Choose fewer parts."
        : "The backup could not be packed; the log of Gamelan says why.";
    }
    job.part = null;
  }

  /** A house that cannot start with its settings would not come back. */
  async #checkConfig(file: string): Promise<void> {
    const work = await Deno.makeTempDir({ dir: this.#folder });
    try {
      await extractConfig(file, join(work, "gamelan.toml"));
      this.options.checkConfig(join(work, "gamelan.toml"));
    } catch (error) {
      throw new Refusal(
        "The configuration in this backup cannot be used; leave it out. " +
          (error as Error).message.split("\n").at(-1)!.slice(0, 200),
        { cause: error },
      );
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }

  #arriving(id: string): Arriving {
    if (this.#upload?.id === id && !this.#restoring) return this.#upload;
    throw new Refusal("This upload is not known any more. Start it again.");
  }

  #whole(id: string): Arriving {
    const upload = this.#arriving(id);
    if (upload.received === upload.bytes) return upload;
    throw new Refusal(`Of ${upload.bytes} bytes ${upload.received} have come.`);
  }

  #path(id: string): string {
    Deno.mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    return join(this.#folder, `${id}.gamelan`);
  }

  #expire(one: Packed | Arriving): void {
    clearTimeout(this.#timers.get(one.id));
    this.#timers.set(one.id, setTimeout(() => this.#drop(one), KEEP_MS));
  }

  #drop(one: Packed | Arriving | undefined): void {
    if (!one) return;
    clearTimeout(this.#timers.get(one.id));
    this.#timers.delete(one.id);
    if (this.#job === one) this.#job = undefined;
    if (this.#upload === one) this.#upload = undefined;
    removeAll(one.file);
  }
}

const publicJob = ({ file: _, ...job }: Packed): BackupJob => job;
const publicUpload = ({ id, bytes, received }: Arriving): Upload => ({ id, bytes, received });

function removeAll(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
