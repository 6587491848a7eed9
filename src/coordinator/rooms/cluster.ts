import { logger } from "../../system/log.ts";
import { newId } from "../accounts/token.ts";
import type { NodeRecord, Store } from "../store/store.ts";
import { type BusMessage, parseBusMessage } from "./bus.ts";

const log = logger("cluster");

/** This coordinator among those of its house: what they tell each other and keep for newcomers. */
export class Cluster {
  /** The name of this coordinator while it runs. */
  readonly instance = newId("c");
  readonly #saving = new Map<string, ReturnType<typeof setTimeout>>();
  #closed = false;

  constructor(readonly store: Store) {}

  /** `onGap`: messages may have been lost. */
  async listen(
    onMessage: (message: BusMessage & { from: string }) => void,
    onGap: () => void,
  ): Promise<void> {
    await this.store.subscribe((text) => {
      if (this.#closed) return;
      const message = parseBusMessage(text);
      if (!message) log.warn("a message between coordinators was refused");
      else if (message.from !== this.instance) onMessage(message);
    }, () => {
      if (!this.#closed) onGap();
    });
  }

  publish(message: BusMessage): void {
    this.store.publish(JSON.stringify({ from: this.instance, ...message })).catch((error) =>
      log.warn("the other coordinators cannot be reached", { error })
    );
  }

  /** Records of the nodes that hang on other coordinators. */
  async others(): Promise<NodeRecord[]> {
    return (await this.store.nodes()).filter((record) => record.home !== this.instance);
  }

  /** Keeps a node's record for `ttlMs`; what changes within `delayMs` is written together. */
  save(name: string, record: () => NodeRecord | undefined, ttlMs: number, delayMs: number): void {
    if (this.#saving.has(name) || this.#closed) return;
    const timer = setTimeout(() => {
      this.#saving.delete(name);
      const current = record();
      if (current?.home !== this.instance) return;
      this.store.putNode(current, ttlMs).catch((error) =>
        log.warn("the store does not take a machine's state", { error })
      );
    }, delayMs);
    this.#saving.set(name, timer);
  }

  /** Leaves the house; `names`: the nodes whose links were here. */
  async close(names: string[]): Promise<void> {
    this.#closed = true;
    for (const timer of this.#saving.values()) clearTimeout(timer);
    for (const name of names) await this.store.deleteNode(name).catch(() => {});
  }
}
