import { reached, type Result } from "./result.ts";

const number = (value: number | undefined) =>
  value === undefined || Number.isNaN(value) ? "–" : String(Number(value.toPrecision(3)));

/** A line of {@linkcode table}. */
export function row(result: Result): string {
  const { target } = result;
  const goal = target
    ? { p50: `≤ ${target.max}`, ratio: `≤ ${target.max}×`, difference: `≤ its + ${target.max}` }[
      target.of
    ]
    : "–";
  const verdict = { true: "reached", false: "**not reached**", undefined: "–" }[
    String(reached(result)) as "true" | "false" | "undefined"
  ];
  const cells = [
    result.name,
    result.unit,
    String(result.n),
    number(result.p50),
    number(result.p90),
    number(result.p99),
    result.peer ?? "–",
    number(result.peerP50),
    result.ratio === undefined ? "–" : number(result.ratio) + "×",
    goal,
    verdict,
  ];
  return `| ${cells.join(" | ")} |`;
}

/** What a benchmark measured, as a table in Markdown. */
export function table(results: Result[]): string {
  const head = "| what | unit | n | p50 | p90 | p99 | peer | its p50 | ratio | target | |";
  return [head, head.replace(/[^|]+/g, " --- "), ...results.map(row)].join("\n");
}
