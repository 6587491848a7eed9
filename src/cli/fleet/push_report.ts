import type { HostReport, PushReport } from "../../fleet/push/push.ts";
import { alignRows, FleetExit } from "./options.ts";
import { oneLine } from "./sections.ts";

/** What a person reads at the end of a push: a row for each box, the sums, and how to go on. */
export function describeReport({ push, outcome, problem, hosts }: PushReport): string {
  const rows = hosts.map((entry) => {
    const { host, wave, outcome, seconds, detail } = entry;
    return [host, wave, outcome, `${seconds.toFixed(1)} s`, latency(entry), oneLine(detail)];
  });
  const count = (wanted: HostReport["outcome"]) =>
    hosts.filter((entry) => entry.outcome === wanted).length;
  return [
    alignRows([["box", "wave", "outcome", "time", "latency", "what"], ...rows]),
    "",
    `Push ${push}: ${count("done")} done, ${count("unchanged")} had it already, ` +
    `${count("failed")} failed, ${count("played")} left to their players, ` +
    `${count("untouched")} left as they were`,
    ...(outcome === "stopped" ? [`Stopped: ${oneLine(problem ?? "")}`] : []),
    ...(outcome === "done" ? [] : ["Go on with: gamelan fleet push --resume"]),
  ].join("\n");
}

function latency({ before, after }: HostReport): string {
  const [was, is] = [before, after].map((status) => status?.health.latencyMs?.p50.toFixed(1));
  return was && is ? `${was} → ${is} ms` : "–";
}

/** The exit code of `gamelan fleet push`. */
export function reportExitCode({ outcome, hosts }: PushReport): number {
  switch (outcome) {
    case "done":
      return FleetExit.ok;
    case "incomplete":
      return FleetExit.played;
    case "interrupted":
      return FleetExit.interrupted;
    case "stopped": {
      const left = hosts.some((entry) => entry.outcome === "untouched");
      return left ? FleetExit.stopped : FleetExit.failure;
    }
  }
}
