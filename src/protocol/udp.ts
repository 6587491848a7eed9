import { z } from "zod";

/** The largest connectivity check that is handed over, bytes; browsers send about 100. */
export const MAX_HAND_OVER = 548;

/**
 * A datagram from a remote address that no session has a socket for, from the owner of a node's UDP
 * port to the session it is for.
 */
export const HandOver = z.object({
  address: z.union([z.ipv4(), z.ipv6()]),
  port: z.number().int().min(1).max(65535),
  /** base64 */
  datagram: z.base64().max(Math.ceil(MAX_HAND_OVER / 3) * 4),
});
export type HandOver = z.infer<typeof HandOver>;
