/** A place among those that work at the same time. */
export interface Slot {
  /**
   * Waits for something without keeping others from working, and takes a place again before those that
   * have not begun.
   */
  aside<T>(wait: () => Promise<T>): Promise<T>;
}

/**
 * Runs `task` for each item, at most `limit` at a time, begun in order. Begins nothing new once `stop`
 * returns true; what runs then is waited for.
 */
export async function inSlots<T>(
  items: readonly T[],
  limit: number,
  task: (item: T, slot: Slot) => Promise<void>,
  stop: () => boolean = () => false,
): Promise<void> {
  let free = limit;
  const returning: (() => void)[] = [];
  const fresh: (() => void)[] = [];
  const take = async (queue: (() => void)[]) => {
    if (free > 0) free--;
    else await new Promise<void>((given) => queue.push(given));
  };
  const give = () => {
    const next = returning.shift() ?? fresh.shift();
    if (next === undefined) free++;
    else next();
  };
  const slot: Slot = {
    async aside(wait) {
      give();
      try {
        return await wait();
      } finally {
        await take(returning);
      }
    },
  };
  await Promise.all(items.map(async (item) => {
    await take(fresh);
    try {
      if (!stop()) await task(item, slot);
    } finally {
      give();
    }
  }));
}
