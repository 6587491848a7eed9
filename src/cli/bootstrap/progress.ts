/**
 * Progress of something that takes longer than a second: one line on a terminal, few lines in a log.
 * On standard error: standard output is the program's own.
 */
export class Progress {
  #lastLine = 0;
  #width = 0;
  readonly #terminal = Deno.stderr.isTerminal();

  constructor(readonly title: string) {
    this.#write(`${title} …`, true);
  }

  /** `share`: 0–1; `step`: what is done now. */
  at(share: number, step: string): void {
    const percent = `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
    this.#write(`${this.title}: ${percent.padStart(5)}  ${step}`, false);
  }

  /** Ends the line. */
  done(success: boolean): void {
    this.#write(`${this.title}: ${success ? "done" : "failed"}`, true);
    if (this.#terminal) Deno.stderr.writeSync(new TextEncoder().encode("\n"));
  }

  #write(text: string, always: boolean): void {
    const interval = this.#terminal ? 100 : 3000;
    if (!always && Date.now() - this.#lastLine < interval) return;
    this.#lastLine = Date.now();
    if (!this.#terminal) return console.error(text);
    const cut = text.slice(0, (Deno.consoleSize().columns || 80) - 1);
    Deno.stderr.writeSync(new TextEncoder().encode("\r" + cut.padEnd(this.#width)));
    this.#width = cut.length;
  }
}
