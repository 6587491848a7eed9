import { BoxSaysNo, printable } from "../../fleet/box_client.ts";
import type { Host } from "../../fleet/inventory.ts";
import { inSlots, type Slot } from "../../fleet/slots.ts";
import { ConnectionFailed } from "../../fleet/ssh.ts";
import { StillPlayed } from "../../fleet/wait_for_players.ts";
import type { Fleet } from "./options.ts";

/** What came of one box. */
export type Each<T> =
  | { host: string; ok: true; result: T }
  | { host: string; ok: false; reason: string; message: string };

/** The reason where somebody plays on a box. */
export const PLAYED = "played";

/** Does the same on all hosts; what fails on one stops no other. In the order of the inventory. */
export async function onEach<T>(
  { hosts, ssh, parallel }: Fleet,
  task: (host: Host, slot: Slot) => Promise<T>,
): Promise<Each<T>[]> {
  const results = new Map<string, Each<T>>();
  await inSlots(hosts, parallel, async (host, slot) => {
    const { name } = host;
    try {
      results.set(name, { host: name, ok: true, result: await task(host, slot) });
    } catch (error) {
      const reason = error instanceof BoxSaysNo
        ? error.reason
        : error instanceof ConnectionFailed
        ? error.kind
        : error instanceof StillPlayed
        ? PLAYED
        : "failed";
      const message = printable(error instanceof Error ? error.message : String(error));
      results.set(name, { host: name, ok: false, reason, message });
    }
    await ssh.disconnect(host);
  });
  return hosts.map(({ name }) => results.get(name)!);
}
