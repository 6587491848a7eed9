/** What a person sees of a push while it runs: a row for each box. */
import type { HostReport } from "../../fleet/push/push.ts";
import type { Step } from "../../fleet/push/host_push.ts";
import { oneLine } from "./sections.ts";

/** Of a terminal, in characters. */
export interface Size {
  columns: number;
  lines: number;
}

interface Row {
  wave: string;
  /** `waiting`: not begun. */
  state: "waiting" | Step | HostReport["outcome"];
  detail: string;
  /** When the step was begun, in ms. */
  since: number;
  phase: "to come" | "at work" | "ended";
}

/** The longest step. */
const STATE_WIDTH = "waits for players".length;
/** A name takes no more of a row than that, so that what comes behind it is seen too. */
const NAME_SHARE = 1 / 4;
const WAVE_WIDTH = 10;

export class PushRows {
  readonly #rows = new Map<string, Row>();
  readonly #now: () => number;

  /** @param now  a clock, in ms */
  constructor(waves: { name: string; hosts: string[] }[], now = () => performance.now()) {
    this.#now = now;
    for (const { name: wave, hosts } of waves) {
      for (const host of hosts) {
        this.#rows.set(host, { wave, state: "waiting", detail: "", since: 0, phase: "to come" });
      }
    }
  }

  step(host: string, state: Step, detail: string): void {
    this.#set(host, { state, detail, phase: "at work" });
  }

  result({ host, outcome, detail }: Pick<HostReport, "host" | "outcome" | "detail">): void {
    this.#set(host, { state: outcome, detail, phase: "ended" });
  }

  #set(host: string, change: Pick<Row, "state" | "detail" | "phase">): void {
    Object.assign(this.#rows.get(host)!, change, { since: this.#now() });
  }

  /**
   * Lines that fit a terminal, with one left for the cursor: all boxes, or those that failed and those
   * at work; the last line counts them all.
   */
  shown({ columns, lines }: Size): string[] {
    const rows = [...this.#rows];
    // A line is as wide as the terminal at most, else it would be two, and be drawn over by one.
    const cut = (line: string) => shorten(line, columns - 1);
    const room = Math.max(1, lines - 2);
    const width = Math.min(
      Math.max(...rows.map(([host]) => host.length)),
      Math.max(8, Math.floor(columns * NAME_SHARE)),
    );
    const shown = rows.length < room
      ? rows
      : rows.filter(([, row]) => isUrgent(row)).sort(byUrgency).slice(0, room - 1);
    return [...shown.map(([host, row]) => this.#line(host, row, width)), this.#summary()].map(cut);
  }

  #line(host: string, { wave, state, detail, since, phase }: Row, width: number): string {
    const time = phase === "at work" ? `${((this.#now() - since) / 1000).toFixed(0)} s` : "";
    return [
      shorten(host, width).padEnd(width),
      shorten(wave, WAVE_WIDTH).padEnd(WAVE_WIDTH),
      state.padEnd(STATE_WIDTH),
      time.padStart(6),
      oneLine(detail),
    ].join("  ").trimEnd();
  }

  #summary(): string {
    const states = [...this.#rows.values()].map(({ state }) => state);
    const count = (wanted: Row["state"]) => states.filter((state) => state === wanted).length;
    const always: Row["state"][] = ["done", "unchanged", "failed", "waiting"];
    const players = ["waits for players", "played"] as const;
    return [...always, ...players.filter((state) => count(state) > 0)]
      .map((state) => `${count(state)} ${state}`).join(", ");
  }
}

const isUrgent = ({ state, phase }: Row) => state === "failed" || phase === "at work";

/** What failed first, then what moves, then what waits for players; each in the order of the push. */
function byUrgency([, a]: [string, Row], [, b]: [string, Row]): number {
  const rank = ({ state }: Row) => state === "failed" ? 0 : state === "waits for players" ? 2 : 1;
  return rank(a) - rank(b);
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
