import { join } from "node:path";

/**
 * Whether the game that fills a new house's library is still to be imported. Remembered by a file, so
 * that a start without a network, or one that was cut off, does not leave the library empty for good;
 * once there was a game, whoever removes it has it removed.
 */
export class FirstImport {
  private readonly marker: string;

  constructor(dataDir: string) {
    this.marker = join(dataDir, "first-import-waits");
  }

  /** On the first start of a house. */
  async remember(): Promise<void> {
    await Deno.writeTextFile(this.marker, "");
  }

  /** @param games how many the library holds */
  async waits(games: number): Promise<boolean> {
    if (games === 0) return await Deno.stat(this.marker).then(() => true, () => false);
    await Deno.remove(this.marker).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    return false;
  }
}
