import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { SystemControl } from "../coordinator/http/update_routes.ts";
import { BoxStatus } from "../fleet/box/protocol.ts";
import type { Upload } from "../protocol/machine.ts";
import type { SystemState } from "../protocol/update.ts";
import { Refusal } from "../system/refusal.ts";
import { selfCommand } from "../system/self.ts";
import { waitsForRestart } from "./update_status.ts";

/** What an upload leaves free on the disk, bytes. */
const SPARE_BYTES = 256 << 20;
const ID = "update";

/** Runs `gamelan update` with these arguments; a test gives its own. */
export type RunUpdate = (args: string[]) => Promise<{ code: number; out: string; said: string }>;

/**
 * Updates by the house's page. The house itself may not write to disks, so what it asks for is done by
 * `gamelan update` in a unit of its own.
 */
export class HouseUpdates implements SystemControl {
  readonly #file: string;
  #upload: Upload | undefined;
  #busy = false;

  constructor(readonly dataDir: string, readonly run: RunUpdate = inItsOwnUnit) {
    this.#file = join(dataDir, "box", "upload.gamelan-update");
  }

  async state(): Promise<SystemState> {
    const status = BoxStatus.parse(JSON.parse(await this.#run("--status", "--json")));
    const { slots, version, clock, ownUpdate, restart, lastUpdate, proof } = status;
    const { current, other } = slots ?? {};
    return {
      version: current?.version ?? version,
      trial: current?.blessed === false,
      other: other?.version === undefined
        ? null
        : { version: other.version, proven: other.blessed },
      update: ownUpdate === undefined ? null : {
        version: ownUpdate.version,
        phase: ownUpdate.phase,
        installed: waitsForRestart(status),
        reason: ownUpdate.detail ?? null,
      },
      restart: restart === undefined
        ? null
        : { version: restart.version, inMs: Date.parse(restart.restartAt) - Date.parse(clock) },
      last: lastUpdate === undefined ? null : { ...lastUpdate, at: Date.parse(lastUpdate.at) },
      failure: proof?.version === current?.version ? proof?.failures.at(-1) ?? null : null,
    };
  }

  async begin(bytes: number): Promise<Upload> {
    if (this.#busy) throw new Refusal("An update is being looked at. Wait until that is done.");
    await Deno.mkdir(join(this.dataDir, "box"), { recursive: true, mode: 0o700 });
    await Deno.remove(this.#file).catch(() => {});
    const { bavail, bsize } = await statfs(this.dataDir);
    // The file, and what is taken out of it.
    const [needed, free] = [bytes * 2 + SPARE_BYTES, bavail * bsize];
    if (free < needed) {
      const mb = (value: number) => `${Math.ceil(value / 1e6)} MB`;
      throw new Refusal(`The update needs ${mb(needed)} on the disk; ${mb(free)} are free.`);
    }
    await Deno.writeFile(this.#file, new Uint8Array(), { mode: 0o600 });
    return this.#upload = { id: ID, bytes, received: 0 };
  }

  async piece(id: string, offset: number, piece: Uint8Array): Promise<Upload> {
    const upload = this.#arriving(id);
    if (this.#busy || offset !== upload.received) {
      throw new Refusal(`Expected the piece at ${upload.received}, got the one at ${offset}.`);
    }
    if (offset + piece.length > upload.bytes) {
      throw new Refusal(`Expected ${upload.bytes} bytes in all, got more.`);
    }
    this.#busy = true;
    try {
      await Deno.writeFile(this.#file, piece, { append: true });
      upload.received += piece.length;
    } catch (error) {
      // A piece that was written by half would spoil all after it.
      await Deno.truncate(this.#file, upload.received).catch(() => {});
      throw error;
    } finally {
      this.#busy = false;
    }
    return { ...upload };
  }

  async install(id: string, now: boolean): Promise<void> {
    const { bytes, received } = this.#arriving(id);
    if (received < bytes) throw new Refusal(`${received} of ${bytes} bytes of the update came.`);
    if (this.#busy) throw new Refusal("This update is being looked at already.");
    this.#busy = true;
    try {
      await this.#run("--hand-over", ...(now ? ["--now"] : []), this.#file);
    } finally {
      this.#busy = false;
      this.#upload = undefined;
      await Deno.remove(this.#file).catch(() => {});
    }
  }

  async cancel(): Promise<void> {
    await this.#run("--cancel");
  }

  async rollback(): Promise<void> {
    await this.#run("--rollback");
  }

  #arriving(id: string): Upload {
    if (this.#upload?.id === id) return this.#upload;
    throw new Refusal("This upload is not there any more. Start again.");
  }

  async #run(...args: string[]): Promise<string> {
    const { code, out, said } = await this.run(args);
    if (code === 0) return out;
    throw new Refusal(
      said.replace(/^gamelan update: /m, "") || `The update failed (code ${code}).`,
    );
  }
}

async function inItsOwnUnit(args: string[]): ReturnType<RunUpdate> {
  const { code, stdout, stderr } = await new Deno.Command("systemd-run", {
    args: [
      ...["--quiet", "--collect", "--pipe", "--wait", "--setenv=DENO_DIR"],
      ...["--", ...selfCommand("update", ...args)],
    ],
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, out: text(stdout), said: text(stderr) };
}
