/**
 * What a box knows of the changes made to it, in `<dataDir>/box/`:
 *
 *     lock             held by whoever changes something
 *     update.lock      held by whoever takes an own update in or installs one
 *     pending.json     the change that is being made or waits for its confirmation
 *     applied.json     what was pushed last, so that the same push again has nothing to do
 *     keys.json        update keys learnt since the image was made
 *     proof.json       what the self-test of the system said
 *     outcome.json     what became of the last update of the system
 *     update.json      the update that the box makes by itself
 *     restart.json     while players are warned: the restart that comes
 *     journal.jsonl    what happened, for people; nothing is decided by it
 *     staging/<id>/    the files of a change, while they come and until it is settled
 */
import { join } from "node:path";
import { z } from "zod";
import { lockFile } from "../../system/file_lock.ts";
import { KeyHistory } from "../../update/keys.ts";
import { removeFile, replaceFile } from "../durable_file.ts";
import { Journal } from "../journal.ts";
import {
  ChangeId,
  ComingRestart,
  JournalEntry,
  OwnUpdate,
  PrepareRequest,
  Proof,
  UpdateOutcome,
} from "./protocol.ts";

const BundleChange = z.strictObject({
  version: z.string(),
  digest: z.string(),
  /** Runs where the change is undone. */
  previous: z.string(),
  /** To keep once it is confirmed. */
  keyHistory: KeyHistory,
  /** It adds these system extensions to the version, and nothing else: their files' names. */
  extensions: z.array(z.string()).optional(),
});

/** A change that is not settled. */
export const Pending = z.strictObject({
  id: ChangeId,
  push: z.string(),
  operator: z.string(),
  confirmSeconds: z.number(),
  /** `applying`: an interrupted one may be half done. */
  phase: z.enum(["applying", "provisional"]),
  bundle: BundleChange.optional(),
  /** Who decides that a bundle stays; absent: the operator. */
  confirmedBy: z.literal("self-test").optional(),
  /** The configuration before, null where there was no file. */
  config: z.strictObject({ previous: z.string().nullable() }).optional(),
});
export type Pending = z.infer<typeof Pending>;

const Applied = z.strictObject({
  /** The bundle that the running system came from. */
  bundle: z.strictObject({ version: z.string(), digest: z.string() }).optional(),
  /** The configuration before the last confirmed push of one. */
  configBefore: z.string().nullable().optional(),
  /** By SHA-256 of the package that was pushed: the game, and its package as it was filed here. */
  games: z.record(z.string(), z.strictObject({ id: z.string(), sha256: z.string() })).default({}),
});
export type Applied = z.infer<typeof Applied>;

/** The journal is for people: so much of it is kept, twice. */
const MAX_JOURNAL_BYTES = 512 * 1024;

export class BoxState {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, "box");
  }

  /** Runs `task` while no other process changes this box. */
  exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.#locked("lock", task);
  }

  /**
   * Runs `task` while no other process takes an update in or installs one: they share what is staged.
   *
   * @param onWait  called once where another one is at it, whose end is waited for
   */
  updating<T>(task: () => Promise<T>, onWait?: () => void): Promise<T> {
    return this.#locked("update.lock", task, onWait);
  }

  async #locked<T>(name: string, task: () => Promise<T>, onWait?: () => void): Promise<T> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: 0o700 });
    using _ = await lockFile(join(this.#folder, name), onWait);
    return await task();
  }

  get pending(): Pending | undefined {
    return this.#read("pending.json", Pending);
  }

  set pending(pending: Pending | undefined) {
    this.#write("pending.json", pending);
  }

  get applied(): Applied {
    return this.#read("applied.json", Applied) ?? { games: {} };
  }

  set applied(applied: Applied) {
    this.#write("applied.json", applied);
  }

  get keyHistory(): KeyHistory {
    return this.#read("keys.json", KeyHistory) ?? { added: [], retired: [] };
  }

  set keyHistory(history: KeyHistory) {
    this.#write("keys.json", history);
  }

  get proof(): Proof | undefined {
    return this.#read("proof.json", Proof);
  }

  set proof(proof: Proof) {
    this.#write("proof.json", proof);
  }

  get lastUpdate(): UpdateOutcome | undefined {
    return this.#read("outcome.json", UpdateOutcome);
  }

  set lastUpdate(outcome: UpdateOutcome) {
    this.#write("outcome.json", outcome);
  }

  get ownUpdate(): OwnUpdate | undefined {
    return this.#read("update.json", OwnUpdate);
  }

  set ownUpdate(update: OwnUpdate | undefined) {
    this.#write("update.json", update);
  }

  get restart(): ComingRestart | undefined {
    return this.#read("restart.json", ComingRestart);
  }

  set restart(restart: ComingRestart | undefined) {
    this.#write("restart.json", restart);
  }

  /** Where the files of a change are put. */
  staging(id: string): string {
    return join(this.#folder, "staging", ChangeId.parse(id), "files");
  }

  /** What is to be made of the files in `staging(id)`, or undefined where nothing was prepared. */
  request(id: string): PrepareRequest | undefined {
    return this.#read(`staging/${ChangeId.parse(id)}/request.json`, PrepareRequest);
  }

  /** Makes room for a change; the half-sent files of other ones go, those of this one stay. */
  stage(id: string, request: PrepareRequest): string {
    const staging = join(this.#folder, "staging");
    Deno.mkdirSync(join(staging, id, "files"), { recursive: true, mode: 0o700 });
    for (const { name } of Deno.readDirSync(staging)) {
      if (name !== id) Deno.removeSync(join(staging, name), { recursive: true });
    }
    this.#write(`staging/${id}/request.json`, request);
    return this.staging(id);
  }

  unstage(id: string): void {
    try {
      Deno.removeSync(join(this.#folder, "staging", ChangeId.parse(id)), { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Writes to the journal. A full disk must not keep a box from going back: then it is not written. */
  record(entry: Omit<JournalEntry, "n" | "at">, now: Date): void {
    const path = join(this.#folder, "journal.jsonl");
    try {
      const n = (this.journal().at(-1)?.n ?? 0) + 1;
      const journal = new Journal(path);
      if (journal.bytes > MAX_JOURNAL_BYTES) Deno.renameSync(path, `${path}.1`);
      journal.append({ n, at: now.toISOString(), ...entry });
    } catch (error) {
      console.error(`The journal could not be written: ${(error as Error).message}`);
    }
  }

  journal(): JournalEntry[] {
    const path = join(this.#folder, "journal.jsonl");
    const entries = [...new Journal(`${path}.1`).read(), ...new Journal(path).read()];
    return entries.flatMap((entry) => JournalEntry.safeParse(entry).data ?? []);
  }

  #read<T>(name: string, schema: z.ZodType<T>): T | undefined {
    const path = join(this.#folder, name);
    let text: string;
    try {
      text = Deno.readTextFileSync(path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    try {
      return schema.parse(JSON.parse(text));
    } catch {
      throw new Error(`${path} is damaged; remove it to go on without what it held`);
    }
  }

  #write(name: string, value: unknown): void {
    const path = join(this.#folder, name);
    if (value === undefined) removeFile(path);
    else replaceFile(path, JSON.stringify(value, undefined, 2) + "\n");
  }
}
