/** Progress of something that takes longer than a second: one line on a terminal, few lines in a log. */
export class Progress {
  #lastLine = 0;
  #width = 0;
  readonly #terminal = Deno.stdout.isTerminal();

  constructor(readonly title: string) {
    this.#write(`${title} …`, true);
  }

  /** `share`: 0–1; `step`: what is done now. */
  at(share: number, step: string): void {
    const percent = `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
    this.#write(`${this.title}: ${percent.padStart(5)}  ${step}`, false);
  }

  done(): void {
    this.#write(`${this.title}: done`, true);
    if (this.#terminal) Deno.stdout.writeSync(new TextEncoder().encode("\n"));
  }

  #write(text: string, always: boolean): void {
    const interval = this.#terminal ? 100 : 3000;
    if (!always && Date.now() - this.#lastLine < interval) return;
    this.#lastLine = Date.now();
    if (!this.#terminal) return console.log(text);
    const cut = text.slice(0, (Deno.consoleSize().columns || 80) - 1);
    Deno.stdout.writeSync(new TextEncoder().encode("\r" + cut.padEnd(this.#width)));
    this.#width = cut.length;
  }
}
