import { parseArgs } from "node:util";
import {
  type MeasuredMode,
  measureMode,
  modeName,
  type ModeReport,
  type Spread,
  verdictSentence,
} from "./bench/machine.ts";
import { ExitCode } from "./exit_codes.ts";

const help = `Usage: gamelan bench [--json] [--quick]

Measures what this machine does with a game's pictures: how long from the game's commit until the
encoder can read them and until they can be sent, and what encoding costs. Close other programs
before: they are measured along.

  --quick   a few pictures only, to see that it works
  --json    print JSON: {"modes": [...], "summary": "..."}; times in ms

Example:
  gamelan bench`;

/** The 4K mode is a short one: it shows whether a machine can do it, and few can. */
const MODES: MeasuredMode[] = [
  { mode: { width: 1280, height: 720, fps: 60 }, bitrate: 12_000_000, pictures: 300 },
  { mode: { width: 1920, height: 1080, fps: 60 }, bitrate: 20_000_000, pictures: 300 },
  { mode: { width: 3840, height: 2160, fps: 60 }, bitrate: 50_000_000, pictures: 60 },
];
const QUICK_PICTURES = 20;

/** `gamelan bench` */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", short: "h" },
      json: { type: "boolean" },
      quick: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const reports: ModeReport[] = [];
  if (!values.json) console.log(heading);
  for (const measured of MODES) {
    const pictures = values.quick ? QUICK_PICTURES : measured.pictures;
    if (!values.json) console.error(`measuring ${modeName(measured.mode)} …`);
    const report = await measureMode({ ...measured, pictures });
    reports.push(report);
    if (!values.json) console.log(line(report));
  }
  const summary = verdictSentence(reports);
  if (values.json) console.log(JSON.stringify({ modes: reports, summary }));
  else console.log(`\n${summary}`);
  return ExitCode.ok;
}

const COLUMNS = ["mode", "commit → readable", "commit → packet", "encode", "CPU a picture"];
const WIDTH = 20;

const columns = (cells: string[]) => cells.map((cell) => cell.padEnd(WIDTH)).join("").trimEnd();
const heading = columns(COLUMNS) + "\n(median / nine of ten below, ms)";

function line({ mode, captureMs, packetMs, encodeMs, cpuMs }: ModeReport): string {
  const both = ({ p50, p90 }: Spread) => `${p50.toFixed(2)} / ${p90.toFixed(2)}`;
  return columns([
    modeName(mode),
    both(captureMs),
    both(packetMs),
    both(encodeMs),
    cpuMs.toFixed(2),
  ]);
}
