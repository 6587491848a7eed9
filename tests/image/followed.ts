/** A program that goes on, and what it has written so far. */
export class Followed implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #read: Promise<void>;
  #text = "";
  #ended = false;

  constructor(program: string, args: string[]) {
    this.#child = new Deno.Command(program, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    })
      .spawn();
    this.#read = this.#take().finally(() => this.#ended = true);
  }

  /** All of it. Throws where the program has ended: nothing more would come. */
  get text(): string {
    if (this.#ended) throw new Error(`what was followed has ended; it wrote: ${this.#text}`);
    return this.#text;
  }

  async #take(): Promise<void> {
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#read;
  }
}

/**
 * Takes apart what `tail -f` of several files has written: the text of each, by path.
 */
export function filesOfTail(text: string): Map<string, string> {
  const files = new Map<string, string>();
  // Between two of them is an empty line that belongs to neither.
  for (
    const [, path, part] of text.matchAll(/^==> (.+) <==\n([^]*?)(?=\n?^==> .+ <==\n|(?![^]))/gm)
  ) {
    files.set(path, (files.get(path) ?? "") + part);
  }
  return files;
}
