import type { Host } from "../inventory.ts";

/** Hosts that are changed together; the next wave waits for them. */
export interface Wave {
  name: string;
  hosts: Host[];
}

/**
 * The hosts in the order of a push: canaries first, then by tag, then the rest.
 *
 * @param tags  in order; the inventory's `waves`, where nothing was said. Without any, or where no
 *   host carries the tag "canary" nor any of these, the first host is the canary
 */
export function planWaves(hosts: Host[], tags: string[]): Wave[] {
  const order = tags.includes("canary") ? tags : ["canary", ...tags];
  const left = new Set(hosts);
  const waves: Wave[] = [];
  for (const tag of order) {
    const wave = [...left].filter((host) => host.tags.includes(tag));
    for (const host of wave) left.delete(host);
    if (wave.length > 0) waves.push({ name: tag, hosts: wave });
  }
  const rest = [...left];
  if (waves.length === 0 && rest.length > 1) {
    waves.push({ name: "canary", hosts: rest.splice(0, 1) });
  }
  if (rest.length > 0) waves.push({ name: "rest", hosts: rest });
  return waves;
}
