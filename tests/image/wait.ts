/**
 * Waits until `check` gives something truthy, in a machine that is slow and may not answer for a while:
 * a failure of `check` is no more than a "not yet". Asks seldom, because each question keeps the
 * machine's processor from what is waited for.
 *
 * @throws with `what` and what was seen last, after `withinMs`
 */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  { withinMs, everyMs = 3000 }: { withinMs: number; everyMs?: number },
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown = "nothing";
  for (;;) {
    try {
      const value = await check();
      if (value) return value;
      last = value;
    } catch (error) {
      last = (error as Error).message;
    }
    if (performance.now() > deadline) {
      throw new Error(`expected ${what} within ${withinMs / 1000} s; last seen: ${last}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
