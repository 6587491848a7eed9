/** The statistics over the picture: where the time goes, stage by stage, and the stream's numbers. */
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { PlayerSession } from "../session.ts";
import { type Stage, STAGE_TITLES, STAGES, totalOf } from "./latency.ts";
import { plotBins } from "./plot_bins.ts";

/** Distinct in hue and in lightness, from the hand to the eye. */
export const STAGE_COLOURS: Record<Stage, string> = {
  input: "#f3e3c8",
  game: "#e2a458",
  capture: "#b0713a",
  encode: "#c3503c",
  network: "#4a78c4",
  jitterBuffer: "#8a6fd0",
  decode: "#4fb3a2",
  present: "#9cc76b",
};

const SPAN_MS = 20000;
const BIN_MS = 250;
const WINDOW_MS = 2000;

export function StatsOverlay({ session }: { session: PlayerSession }) {
  const plot = useRef<HTMLDivElement>(null);
  useEffect(() => session.trace(), [session]);
  useEffect(() => drawPlot(plot.current!, session), [session]);
  session.sampled.value;
  const { statistics } = session;
  const { interval, counters, session: theirs } = statistics;
  const stages = statistics.stages(performance.now(), WINDOW_MS);
  const known = Object.keys(stages).length > 0;
  const number = (value: number | undefined, digits = 0) =>
    value === undefined ? "–" : value.toFixed(digits);
  const facts: [string, string][] = [
    ["Decoded", `${number(interval?.fps)} fps`],
    ["Shown", `${number(interval?.shownFps)} fps`],
    ["Bitrate", `${number(interval?.bitrateMbps, 1)} Mbit/s`],
    ["Aim", `${number(theirs?.targetMbps, 1)} Mbit/s`],
    ["Loss", `${number(interval && interval.loss * 100, 1)} %`],
    ["Round trip", `${number(interval?.rttMs, 1)} ms`],
    ["Encoder load", `${number(theirs && theirs.encoderLoad * 100)} %`],
    ["Picture", theirs ? `${theirs.mode.width}×${theirs.mode.height}@${theirs.mode.fps}` : "–"],
    ["Codec", counters?.codec?.replace("video/", "") ?? "–"],
    ["Dropped", String(counters?.framesDropped ?? "–")],
  ];
  return (
    <aside class="stats" data-testid="stats-overlay" aria-label="Statistics">
      <p class="stats-total">
        <strong>{known ? number(totalOf(stages)) : "–"}</strong>{" "}
        <span>ms {stages.input === undefined ? "from picture to screen" : "from hand to eye"}</span>
      </p>
      <div class="stats-plot" ref={plot} />
      <ul class="stats-stages">
        {STAGES.map((stage) => (
          <li key={stage} data-testid={`stats-stage-${stage}`}>
            <i style={{ background: STAGE_COLOURS[stage] }} />
            {STAGE_TITLES[stage]}
            <b>{number(stages[stage], 1)}</b>
          </li>
        ))}
      </ul>
      <dl class="stats-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="stats-sentence" data-testid="stats-diagnosis">
        {session.diagnosis.value ?? "All is well."}
      </p>
    </aside>
  );
}

/** A stacked plot that follows the frames; the answer ends it. */
function drawPlot(parent: HTMLElement, session: PlayerSession): () => void {
  // Top of the stack first: each series is filled down to zero and covered by those below it.
  const order = STAGES.toReversed();
  const axis = {
    stroke: "#b9a995",
    grid: { stroke: "#ffffff14", width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  const plot = new uPlot(
    {
      width: parent.clientWidth,
      height: parent.clientHeight,
      legend: { show: false },
      cursor: { show: false },
      padding: [6, 14, 0, 0],
      scales: {
        x: { time: false, range: [-SPAN_MS / 1000, 0] },
        y: { range: (_plot, _low, high) => [0, Math.max(40, Math.ceil((high ?? 0) / 10) * 10)] },
      },
      axes: [
        { ...axis, size: 20, values: (_plot, ticks) => ticks.map((tick) => `${tick} s`) },
        { ...axis, size: 44, values: (_plot, ticks) => ticks.map((tick) => `${tick} ms`) },
      ],
      series: [
        {},
        ...order.map((stage) => ({
          label: STAGE_TITLES[stage],
          stroke: STAGE_COLOURS[stage],
          fill: STAGE_COLOURS[stage],
          width: 0,
          points: { show: false },
        })),
      ],
    },
    [[], ...order.map(() => [])],
    parent,
  );
  const redraw = () => {
    const { times, stacked } = plotBins(session.statistics.frames, performance.now(), {
      spanMs: SPAN_MS,
      binMs: BIN_MS,
    });
    plot.setData([times, ...stacked.toReversed()]);
  };
  redraw();
  const timer = setInterval(redraw, BIN_MS);
  const observer = new ResizeObserver(() =>
    plot.setSize({ width: parent.clientWidth, height: parent.clientHeight })
  );
  observer.observe(parent);
  return () => {
    clearInterval(timer);
    observer.disconnect();
    plot.destroy();
  };
}
