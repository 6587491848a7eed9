/** How long nobody reaches a box that is updated, and one that is only restarted. */
import { join } from "node:path";
import { makeNextUpdate } from "../../image/next_version.ts";
import { comeToRest } from "../../image/started_box.ts";
import { imageKey } from "../../image/tested_image.ts";
import { type Restart, UPDATE, UpdatedBox } from "../../image/updated_box.ts";
import { nextVersions } from "../../image/versions.ts";

export interface Downtimes {
  update: Restart;
  restart: Restart;
}

/**
 * Updates a box and restarts it, `rounds` times, each time one that has just come to rest and is new
 * otherwise: every second one is restarted first.
 *
 * @param folder  for updates and disks
 * @param log     called with each round's figures
 */
export async function downtimes(
  image: string,
  folder: string,
  rounds: number,
  log: (text: string) => void,
): Promise<Downtimes[]> {
  const [before, after] = nextVersions(image, 1);
  const update = join(folder, "update");
  await makeNextUpdate(image, update, { version: after, key: await imageKey() });
  const all: Downtimes[] = [];
  for (let round = 1; round <= rounds; round++) {
    const own = await Deno.makeTempDir({ dir: folder });
    await using box = await UpdatedBox.start({ image, name: "bench-update", folder: own, update });
    const { machine } = box;
    const rested = async (command: string, version: string) => {
      await comeToRest(machine);
      return await box.restart(() => machine.ssh(command), version);
    };
    const restart = (version: string) => rested("systemctl reboot", version);
    const updated = () => rested(`gamelan update ${UPDATE}`, after);
    const one = round % 2 === 0
      ? { restart: await restart(before), update: await updated() }
      : { update: await updated(), restart: await restart(after) };
    all.push(one);
    const tell = ({ downSeconds, stopSeconds }: Restart) =>
      `${downSeconds} s down, of which ${stopSeconds} s until the machine was reset`;
    log(`   round ${round}: update ${tell(one.update)}; restart ${tell(one.restart)}`);
  }
  return all;
}
