import type { HostReport, PushWatcher } from "../../fleet/push/push.ts";
import { PushRows, type Size } from "./push_rows.ts";
import { oneLine } from "./sections.ts";

const REDRAW_MS = 200;

/** Where a table is shown. */
export interface Terminal {
  size(): Size;
  write(text: string): void;
}

/**
 * Shows a push on standard error: a table that changes in place on a terminal, else a line for each
 * step. Standard output is for the report.
 *
 * @returns the watcher, and what takes the table away
 */
export function pushWatcher(
  title: string,
  waves: { name: string; hosts: string[] }[],
): { watcher: PushWatcher; end: () => void } {
  const hosts = waves.reduce((sum, wave) => sum + wave.hosts.length, 0);
  const names = waves.map(({ name, hosts }) => `${name} (${hosts.length})`).join(", ");
  console.error(`${title}, to ${hosts} box${hosts === 1 ? "" : "es"}: ${names}`);
  return Deno.stderr.isTerminal() ? table(waves) : { watcher: lines(), end: () => {} };
}

function lines(): PushWatcher {
  return {
    wave: (wave) => console.error(`Wave ${wave}`),
    step: (host, step, detail) =>
      console.error(`${host}: ${step}${detail ? ` (${oneLine(detail)})` : ""}`),
    result: ({ host, outcome, detail }) => console.error(`${host}: ${outcome}: ${oneLine(detail)}`),
  };
}

function table(waves: { name: string; hosts: string[] }[]) {
  const rows = new PushRows(waves);
  const drawing = new Drawing({
    size: () => {
      const { columns, rows } = Deno.consoleSize();
      return { columns, lines: rows };
    },
    write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  });
  const timer = setInterval(() => drawing.draw(rows), REDRAW_MS);
  const watcher: PushWatcher = {
    wave: () => {},
    step: (host, step, detail = "") => rows.step(host, step, detail),
    result: (report: HostReport) => rows.result(report),
  };
  let ended = false;
  const end = () => {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    drawing.erase();
  };
  return { watcher, end };
}

/** Text that is drawn over itself. */
export class Drawing {
  #drawn = 0;

  constructor(readonly terminal: Terminal) {}

  draw(rows: PushRows): void {
    const text = rows.shown(this.terminal.size());
    this.erase();
    this.terminal.write(text.map((line) => `${line}\n`).join(""));
    this.#drawn = text.length;
  }

  erase(): void {
    if (this.#drawn > 0) this.terminal.write(`\x1b[${this.#drawn}A\x1b[J`);
    this.#drawn = 0;
  }
}
