import { z } from "zod";
import { Capability, GameInfo, ImportJob } from "../../protocol/library.ts";
import { FromNode, ToNode } from "../../protocol/node.ts";
import { SessionInfo } from "../../protocol/session.ts";

/** A node as coordinators tell each other; the NodeRecord of store/store.ts. */
const SharedNode = z.object({
  name: z.string(),
  home: z.string(),
  version: z.string(),
  load: z.number(),
  freeMemoryMb: z.number(),
  capabilities: z.array(Capability),
  games: z.array(GameInfo),
  imports: z.array(ImportJob),
  sessions: z.array(SessionInfo),
});

/** Who lost what let them in: a removed user, or who came by an invitation that was taken back. */
const Dismissed = z.object({ userId: z.string().optional(), inviteId: z.string().optional() });
export type Dismissed = z.infer<typeof Dismissed>;

/** What coordinators of one house tell each other through the store. */
export const BusMessage = z.discriminatedUnion("type", [
  /** A node said this to the sender, who holds its link. */
  z.object({ type: z.literal("from-node"), node: z.string(), message: FromNode }),
  /** Whoever holds the link of this node passes it on. */
  z.object({ type: z.literal("to-node"), node: z.string(), message: ToNode }),
  z.object({ type: z.literal("node-gone"), node: z.string() }),
  /** Their open pages close everywhere. */
  z.object({ type: z.literal("dismissed"), who: Dismissed }),
  /** The sender is new, or missed something: everybody tells of the nodes whose links they hold. */
  z.object({ type: z.literal("ask") }),
  z.object({ type: z.literal("record"), record: SharedNode }),
]);
export type BusMessage = z.infer<typeof BusMessage>;

const Received = z.intersection(z.object({ from: z.string() }), BusMessage);

/** The message with its sender; undefined where it is not of the form above. */
export function parseBusMessage(text: string): (BusMessage & { from: string }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return Received.safeParse(value).data;
}
