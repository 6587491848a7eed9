import { z } from "zod";
import { FromNode, ToNode } from "../../protocol/node.ts";

/** What coordinators of one house tell each other through the store. */
export const BusMessage = z.discriminatedUnion("type", [
  /** A node said this to the sender, who holds its link. */
  z.object({ type: z.literal("from-node"), node: z.string(), message: FromNode }),
  /** Whoever holds the link of this node passes it on. */
  z.object({ type: z.literal("to-node"), node: z.string(), message: ToNode }),
  z.object({ type: z.literal("node-gone"), node: z.string() }),
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
