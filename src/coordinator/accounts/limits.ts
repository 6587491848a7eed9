import { addressGroup } from "../http/addresses.ts";
import { HttpError } from "../http/errors.ts";
import { logger } from "../../system/log.ts";
import type { Store } from "../store/store.ts";

const log = logger("security");

/** How often something that needs a secret may be tried in a window. */
export interface Limit {
  windowMs: number;
  /** By one address. */
  perAddress: number;
  /** On one account. */
  perAccount: number;
  /** By everybody together. */
  total: number;
}

export const limits = {
  claim: { windowMs: 60_000, perAddress: 10, perAccount: 30, total: 60 },
  login: { windowMs: 60_000, perAddress: 10, perAccount: 20, total: 120 },
  join: { windowMs: 60_000, perAddress: 20, perAccount: 120, total: 240 },
  node: { windowMs: 60_000, perAddress: 20, perAccount: 120, total: 240 },
} satisfies Record<string, Limit>;

/** One attempt that was counted; a success takes back what it cost its address and account. */
export interface Attempt {
  succeeded(): Promise<void>;
}

/**
 * Counts an attempt before it is looked at, so that many at once do not slip through.
 *
 * @throws HttpError (429 with Retry-After) beyond the limit
 */
export async function attempt(
  store: Store,
  kind: keyof typeof limits,
  address: string,
  account = "",
): Promise<Attempt> {
  const limit = limits[kind];
  const ofAddress = `${kind} address ${addressGroup(address)}`;
  const ofAccount = `${kind} account ${account}`;
  const bounds: [string, number][] = [
    [ofAddress, limit.perAddress],
    [ofAccount, limit.perAccount],
    [`${kind} total`, limit.total],
  ];
  for (const [key, most] of bounds) {
    const { count, resetAt } = await store.countAttempt(key, limit.windowMs);
    if (count <= most) continue;
    const seconds = Math.max(1, Math.ceil((resetAt - Date.now()) / 1000));
    log.warn("too many attempts", { kind, address, count });
    throw new HttpError("rate-limited", `Too many attempts. Try again in ${seconds} seconds.`, {
      "retry-after": String(seconds),
    });
  }
  return {
    async succeeded() {
      await store.forgetAttempts(ofAddress);
      await store.forgetAttempts(ofAccount);
    },
  };
}
