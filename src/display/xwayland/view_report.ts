import type { ShownDesktop } from "./desktop_view.ts";

/** A program that moves its menus all the time must not keep the session busy. */
const INTERVAL_MS = 30;

/** Reports the view where it changed, the newest one at most every 30 ms. */
export class ViewReport {
  #reported = "";
  #dueMs = 0;
  #pending = false;

  constructor(readonly report: (view: ShownDesktop) => void) {}

  /** True where {@linkcode step} is to be called again although nothing happens. */
  get pending(): boolean {
    return this.#pending;
  }

  /** `current` gives the view as it is now; not called before the next report is due. */
  step(current: () => ShownDesktop): void {
    const now = performance.now();
    this.#pending = now < this.#dueMs;
    if (this.#pending) return;
    const view = current();
    const text = JSON.stringify(view);
    if (text === this.#reported) return;
    this.#reported = text;
    this.#dueMs = now + INTERVAL_MS;
    this.report(view);
  }
}
