import type { HostReport, PushWatcher } from "../../fleet/push/push.ts";

interface Row {
  wave: string;
  state: string;
  detail: string;
  since: number;
  done: boolean;
}

const REDRAW_MS = 200;

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
    step: (host, step, detail) => console.error(`${host}: ${step}${detail ? ` (${detail})` : ""}`),
    result: ({ host, outcome, detail }) => console.error(`${host}: ${outcome}: ${detail}`),
  };
}

function table(waves: { name: string; hosts: string[] }[]) {
  const rows = new Map<string, Row>();
  for (const { name: wave, hosts } of waves) {
    for (const host of hosts) {
      rows.set(host, { wave, state: "waiting", detail: "", since: 0, done: false });
    }
  }
  let drawn = 0;
  let ended = false;
  const write = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(text));
  const erase = () => drawn > 0 && write(`\x1b[${drawn}A\x1b[J`);
  const draw = () => {
    const { columns, rows: height } = Deno.consoleSize();
    const text = shownRows([...rows], height - 2).map((line) => line.slice(0, columns - 1));
    erase();
    write(text.map((line) => `${line}\n`).join(""));
    drawn = text.length;
  };
  const timer = setInterval(draw, REDRAW_MS);
  const set = (host: string, change: Partial<Row>) =>
    Object.assign(rows.get(host)!, { since: performance.now(), detail: "" }, change);
  const watcher: PushWatcher = {
    wave: () => {},
    step: (host, step, detail = "") => set(host, { state: step, detail }),
    result: ({ host, outcome, detail }: HostReport) =>
      set(host, { state: outcome, detail, done: true }),
  };
  const end = () => {
    if (ended) return;
    ended = true;
    clearInterval(timer);
    erase();
  };
  return { watcher, end };
}

/** What fits: boxes that are at work and failed ones first; the others are counted. */
function shownRows(rows: [string, Row][], height: number): string[] {
  const width = Math.max(...rows.map(([host]) => host.length));
  const line = ([host, { wave, state, detail, since, done }]: [string, Row]) => {
    const running = !done && since > 0;
    const time = running ? `${((performance.now() - since) / 1000).toFixed(0)} s` : "";
    return [host.padEnd(width), wave.padEnd(10), state.padEnd(11), time.padStart(5), detail]
      .join("  ");
  };
  const count = (wanted: string) => rows.filter(([, { state }]) => state === wanted).length;
  const summary = ["done", "unchanged", "failed", "waiting"]
    .map((state) => `${count(state)} ${state}`).join(", ");
  if (rows.length < height) return [...rows.map(line), summary];
  const urgent = rows.filter(([, { state, done, since }]) =>
    state === "failed" || (!done && since > 0)
  );
  return [...urgent.slice(0, height - 1).map(line), summary];
}
