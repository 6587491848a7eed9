/** A house that comes back with a backup, because its page asked for it. */
import type { PartName } from "../backup/manifest.ts";
import { restoreBackup } from "../backup/restore.ts";
import type { NodeAgent } from "../node/agent.ts";
import { lockDataDir } from "../system/data_lock.ts";
import { logger } from "../system/log.ts";

const log = logger("restore");
/** How long players are warned, seconds. */
const WARNING_SECONDS = 30;
/** The page still gets its answer. */
const ANSWER_SECONDS = 1;

export interface HouseRestore {
  file: string;
  parts: PartName[];
  configFile: string;
}

/** Waits for the page's word. */
export class RestoreRequest {
  readonly #asked = Promise.withResolvers<HouseRestore>();
  readonly asked = this.#asked.promise;

  constructor(readonly configFile: string) {}

  /** Players are warned; seconds until the house goes down. */
  ask(agent: NodeAgent, file: string, parts: PartName[]): number {
    const playing = agent.warn(
      `The owner brings a backup back: this game ends in ${WARNING_SECONDS} seconds. Save now.`,
    );
    const seconds = playing > 0 ? WARNING_SECONDS : ANSWER_SECONDS;
    const { configFile } = this;
    setTimeout(() => this.#asked.resolve({ file, parts, configFile }), seconds * 1000);
    return seconds;
  }
}

/** Restores. Where that fails nothing has changed, the house comes back as it was, and the reason is
 * given. */
export async function restoreHouse(
  dataDir: string,
  restore: HouseRestore,
): Promise<string | undefined> {
  const { file, parts, configFile } = restore;
  try {
    using _house = lockDataDir(dataDir, "house");
    using _node = lockDataDir(dataDir, "node");
    const restored = await restoreBackup(file, { dataDir, configFile, parts });
    log.info("a backup was restored", { parts: restored.parts, before: restored.replaced });
    return undefined;
  } catch (error) {
    log.error("the backup was not restored; the house is as before", { error });
    return (error as Error).message;
  }
}
