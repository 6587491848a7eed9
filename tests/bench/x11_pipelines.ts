/**
 * Two programs that encode an X desktop to H.264: ours, and `ffmpeg -f x11grab` with the same
 * encoder settings. Both are measured from outside.
 */
import { join } from "node:path";
import type { VideoMode } from "../../src/protocol/session.ts";
import { PRESETS } from "../../src/video/software/presets.ts";
import { softwareEncoder, softwareThreads } from "../../src/video/software/provider.ts";
import { x264Options } from "../../src/video/software/x264_options.ts";
import { bitrateOf } from "./modes.ts";
import { cpuMs } from "./process_stat.ts";

/** A point in a pipeline's life. */
interface Reading {
  cpuMs: number;
  pictures: number;
  /** Grabbed, but not encoded. */
  dropped: number;
  bytes: number;
}

/** Between two readings. */
export interface PipelineCost {
  /** CPU time of the whole process a picture, ms. */
  cpuMs: number;
  pictures: number;
  /** Mean bytes a picture. */
  bytes: number;
  /** The machine gave it the time to grab and encode every picture when it was due. */
  undisturbed: boolean;
}

interface Pipeline {
  read(): Promise<Reading>;
  close(): Promise<void>;
}

/** Share of pictures that may be missing in an undisturbed measurement. */
const TOLERANCE = 0.04;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a pipeline, lets it get going, and measures it for `windowMs`. */
export async function pipelineCost(
  start: (display: string, mode: VideoMode) => Pipeline,
  display: string,
  mode: VideoMode,
  windowMs: number,
): Promise<PipelineCost> {
  const pipeline = start(display, mode);
  try {
    await pipeline.read();
    await sleep(3000);
    const before = await pipeline.read();
    await sleep(windowMs);
    const after = await pipeline.read();
    const pictures = after.pictures - before.pictures;
    const dropped = after.dropped - before.dropped;
    const due = windowMs * mode.fps / 1000;
    return {
      undisturbed: pictures > due * (1 - TOLERANCE) && dropped < due * TOLERANCE,
      cpuMs: (after.cpuMs - before.cpuMs) / pictures,
      pictures,
      bytes: (after.bytes - before.bytes) / pictures,
    };
  } finally {
    await pipeline.close();
  }
}

/** The product's X11 source and encoder. */
export function ourPipeline(display: string, mode: VideoMode): Pipeline {
  const script = join(import.meta.dirname!, "x11_stream.ts");
  const numbers = [mode.width, mode.height, mode.fps, bitrateOf(mode)].map(String);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-prompt", "--no-check", script, display, ...numbers],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  const lines = linesOf(child.stdout);
  return {
    async read() {
      await input.write(new Uint8Array([10]));
      const { value, done } = await lines.next();
      if (done) throw new Error("our pipeline ended; what it said is above");
      const { pictures, keyFrames, bytes } = JSON.parse(value);
      // A second IDR is an encoder that was opened again with less effort.
      if (keyFrames > 1) throw new Error("the machine was too busy for the encoder's settings");
      return { cpuMs: cpuMs(child.pid), pictures, dropped: 0, bytes };
    },
    async close() {
      await input.close().catch(() => {});
      await child.status;
      await child.stdout.cancel().catch(() => {});
    },
  };
}

/** ffmpeg with the options that our encoder is opened with, and no output to write. */
export function ffmpegPipeline(display: string, mode: VideoMode): Pipeline {
  const settings = { ...mode, bitrate: bitrateOf(mode) };
  const preset = PRESETS[softwareEncoder.startEffort(settings)];
  const options = x264Options(settings, preset, softwareThreads(settings));
  const { video_size, pixel_format, time_base: _, ...encoder } = options;
  const child = new Deno.Command("ffmpeg", {
    args: [
      ...["-nostdin", "-hide_banner", "-loglevel", "error"],
      ...["-f", "x11grab", "-draw_mouse", "0", "-framerate", String(mode.fps)],
      ...["-video_size", video_size, "-i", display],
      ...["-pix_fmt", pixel_format, "-c:v", "libx264"],
      ...Object.entries(encoder).flatMap(([name, value]) => [`-${name}`, value]),
      // After a stall x11grab makes up for it by a burst; a burst's pictures count as one.
      ...["-fps_mode", "vfr", "-progress", "pipe:1", "-stats_period", "0.1"],
      ...["-f", "h264", "-y", "/dev/null"],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = linesOf(child.stdout);
  let newest: Reading | undefined;
  let wake = () => {};
  let ended = false;
  const reading = (async () => {
    let [pictures, dropped, bytes] = [0, 0, 0];
    for await (const line of lines) {
      const [key, value] = line.split("=");
      if (key === "frame") pictures = Number(value);
      else if (key === "drop_frames") dropped = Number(value);
      else if (key === "total_size") bytes = Number(value) || 0;
      else if (key === "progress" && pictures > 0) {
        newest = { cpuMs: cpuMs(child.pid), pictures, dropped, bytes };
        wake();
      }
    }
    ended = true;
    wake();
  })();
  return {
    async read() {
      newest = undefined;
      while (!newest && !ended) await new Promise<void>((resolve) => wake = resolve);
      if (!newest) throw new Error("ffmpeg ended; what it said is above");
      return newest;
    },
    async close() {
      child.kill("SIGKILL");
      await child.status;
      await reading.catch(() => {});
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
