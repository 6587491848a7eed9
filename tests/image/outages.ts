import type { Machine } from "./machine.ts";
import { eventually } from "./wait.ts";

const EVERY_MS = 500;

/** Watches when the house in a machine does not answer. */
export class Outages implements AsyncDisposable {
  /** Ended ones, in seconds, in order. */
  readonly seconds: number[] = [];
  #gone: number | undefined;
  #ended = false;
  readonly #watching: Promise<void>;

  constructor(readonly machine: Machine) {
    this.#watching = this.#watch();
  }

  /** Whether it did not answer when it was asked last. */
  get down(): boolean {
    return this.#gone !== undefined;
  }

  /** A busy machine may be late with an answer besides. */
  get longest(): number {
    return Math.max(0, ...this.seconds);
  }

  /** Resolves when it has answered again after an outage. */
  async over(withinMs: number): Promise<void> {
    await eventually(
      "the house to answer again",
      () => Promise.resolve(!this.down && this.seconds.length > 0),
      { withinMs, everyMs: EVERY_MS },
    );
  }

  /** Ends the watch. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#ended) {
      const asked = performance.now();
      const answers = await this.machine.answers();
      if (!answers) this.#gone ??= asked;
      else if (this.#gone !== undefined) {
        this.seconds.push(Math.round((performance.now() - this.#gone) / 100) / 10);
        this.#gone = undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}
