/**
 * Factory reset: the boot menu's own entry (image/mkosi.uki-profiles) is chosen for the next start. Its
 * kernel command line makes systemd-repart(8) remove and make anew what repart.d marks with
 * FactoryReset=yes, the data partition, before it is mounted. The start after is a usual one.
 */
import { z } from "zod";
import { output } from "./command.ts";

const Entries = z.array(z.object({ id: z.string() }));

/**
 * Chooses the reset for the next start. `version`: of the running system (IMAGE_VERSION).
 *
 * @throws where the boot loader has no such entry or cannot be told
 */
export async function requestFactoryReset(version: string): Promise<void> {
  const listed = await output("bootctl", ["list", "--json=short", "--no-pager"], 60_000);
  const id = resetEntry(Entries.parse(JSON.parse(listed)).map((entry) => entry.id), version);
  if (id === undefined) {
    throw new Error(
      "the boot menu has no entry for a factory reset of this system; hold Space when the box starts " +
        "and see what it offers",
    );
  }
  await output("bootctl", ["set-oneshot", id], 60_000);
}

/** The running system's entry; with another one's the box would change its version too. */
function resetEntry(ids: string[], version: string): string | undefined {
  // A system on trial has the tries that are left in its name.
  const name = new RegExp(
    `^gamelan_${RegExp.escape(version)}(\\+\\d+(-\\d+)?)?\\.efi@factory-reset$`,
  );
  return ids.find((id) => name.test(id));
}
