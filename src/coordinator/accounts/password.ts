import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";

/**
 * Passwords by scrypt (RFC 7914) with N = 2^15, r = 8, p = 1 (32 MiB and about a tenth of a second),
 * stored as `scrypt$N$r$p$salt$hash` in base64url, so that the costs can rise later.
 */
const COST = { N: 32768, r: 8, p: 1 };

/** At most two at a time: a flood of sign-ins must not take the memory and cores of the games. */
const AT_ONCE = 2;
/** Beyond this many waiting, a sign-in is refused at once. */
const MAX_WAITING = 64;
let running = 0;
const waiting: (() => void)[] = [];

/** More sign-ins wait than can be served in reasonable time. */
export class BusyError extends Error {
  override name = "BusyError";
}

async function derive(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MAX_WAITING) throw new BusyError("too many sign-ins at a time");
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else {
    running++;
  }
  try {
    const maxmem = 256 * cost.N * cost.r;
    return await new Promise<Buffer>((resolve, reject) =>
      scrypt(
        password.normalize("NFKC"),
        salt,
        32,
        { ...cost, maxmem },
        (error, key) => error ? reject(error) : resolve(key),
      )
    );
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

/** @throws BusyError */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  const { N, r, p } = COST;
  return ["scrypt", N, r, p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

/**
 * Whether `password` is the one of `stored`. With `stored` undefined (no such user) it takes as long
 * and is false, so that names cannot be told by time.
 *
 * @throws BusyError
 */
export async function verifyPassword(
  password: string,
  stored: string | undefined,
): Promise<boolean> {
  const [kind, N, r, p, salt, hash] = (stored ?? "").split("$");
  if (kind !== "scrypt") {
    await derive(password, Buffer.alloc(16), COST);
    return false;
  }
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const expected = Buffer.from(hash, "base64url");
  const key = await derive(password, Buffer.from(salt, "base64url"), cost);
  return key.length === expected.length && timingSafeEqual(key, expected);
}
