import { isInstalled } from "../fleet/box/own_update.ts";
import type { BoxStatus } from "../fleet/box/protocol.ts";

/** Whether the update that a box makes by itself is in its slot, and only its restart waits. */
export function waitsForRestart(
  { slots, pending, ownUpdate }: Pick<BoxStatus, "slots" | "pending" | "ownUpdate">,
): boolean {
  if (ownUpdate?.phase !== "waiting" || !isInstalled({ pending }, ownUpdate)) return false;
  return slots?.current.version !== ownUpdate.version || ownUpdate.extension !== undefined;
}

/** What `gamelan update --status` says. */
export function describeStatus(status: BoxStatus): string {
  const { version, slots, ownUpdate, pending, restart, lastUpdate, proof } = status;
  if (slots === undefined) return `Version ${version}; this machine has no slots to update`;
  const { current, other } = slots;
  const restartWaits = waitsForRestart(status);
  const isNew = other.version === ownUpdate?.version && ownUpdate?.phase !== "failed";
  const trust = isNew ? "not started yet" : "which did not prove itself";
  const holds = other.version === undefined
    ? "is empty"
    : `holds ${other.version}${other.blessed ? "" : `, ${trust}`}`;
  const phase = restartWaits ? "installed; the box restarts when nobody plays" : ownUpdate?.phase;
  return [
    `Version ${current.version} runs from slot ${current.name}` +
    (current.blessed ? "" : ", on trial"),
    `Slot ${other.name} ${holds}`,
    ownUpdate && `Version ${ownUpdate.version}: ${ownUpdate.detail ?? phase}`,
    restart &&
    `The box restarts into ${restart.version} at ${restart.restartAt}; who plays was told`,
    pending && !restartWaits && `${pending.id} waits for its confirmation`,
    lastUpdate && `Last update, ${lastUpdate.at}: ${lastUpdate.detail}`,
    proof && proof.version === current.version && proof.failures.length > 0 &&
    `Self-test: ${proof.failures.at(-1)}`,
  ].filter(Boolean).join("\n");
}
