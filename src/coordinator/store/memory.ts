import type { NodeRecord, Store } from "./store.ts";

/** What need not outlive a coordinator that is alone: attempt counters, nodes, and nobody to talk to. */
export class ProcessMemory implements
  Pick<
    Store,
    | "countAttempt"
    | "forgetAttempts"
    | "putNode"
    | "deleteNode"
    | "nodes"
    | "publish"
    | "subscribe"
  > {
  #attempts = new Map<string, { count: number; resetAt: number }>();
  #nodes = new Map<string, { record: NodeRecord; expiresAt: number }>();

  countAttempt(key: string, windowMs: number) {
    const now = Date.now();
    let entry = this.#attempts.get(key);
    if (!entry || entry.resetAt <= now) {
      if (this.#attempts.size >= 10000) this.#dropOld(now);
      entry = { count: 0, resetAt: now + windowMs };
      this.#attempts.set(key, entry);
    }
    entry.count++;
    return Promise.resolve({ ...entry });
  }

  /** Makes room: first what has ended, then the oldest half. */
  #dropOld(now: number): void {
    for (const [key, entry] of this.#attempts) {
      if (entry.resetAt <= now) this.#attempts.delete(key);
    }
    const keys = [...this.#attempts.keys()];
    if (keys.length < 10000) return;
    for (const key of keys.slice(0, keys.length / 2)) this.#attempts.delete(key);
  }

  forgetAttempts(key: string) {
    this.#attempts.delete(key);
    return Promise.resolve();
  }

  putNode(record: NodeRecord, ttlMs: number) {
    this.#nodes.set(record.name, {
      record: structuredClone(record),
      expiresAt: Date.now() + ttlMs,
    });
    return Promise.resolve();
  }

  deleteNode(name: string) {
    this.#nodes.delete(name);
    return Promise.resolve();
  }

  nodes() {
    const now = Date.now();
    for (const [name, { expiresAt }] of this.#nodes) {
      if (expiresAt <= now) this.#nodes.delete(name);
    }
    return Promise.resolve([...this.#nodes.values()].map(({ record }) => structuredClone(record)));
  }

  publish(_message: string) {
    return Promise.resolve();
  }

  subscribe(_listener: (message: string) => void, _onGap: () => void) {
    return Promise.resolve();
  }
}
