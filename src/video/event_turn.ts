/**
 * Lets a thread that never runs out of work handle its messages in between.
 *
 * A message to oneself queues behind those that wait. What node:timers offers does the same, and
 * takes 1.5 MB of each thread that loads it.
 */
export class EventTurn {
  readonly #channel = new MessageChannel();
  #resolve: () => void = () => {};

  constructor() {
    this.#channel.port1.onmessage = () => this.#resolve();
  }

  /** Resolves when the messages that wait now have been handled. One call at a time. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#channel.port2.postMessage(null);
    });
  }

  close(): void {
    this.#channel.port1.close();
    this.#channel.port2.close();
  }
}
