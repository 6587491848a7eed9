/** Pre-encoded H.264 for transport tests, made by ffmpeg (Debian package ffmpeg). */
import type { EncodedFrame } from "../../src/media/encoded.ts";
import { monotonicMs } from "../../src/media/clock.ts";

export interface Clip {
  width: number;
  height: number;
  fps: number;
  accessUnits: { data: Uint8Array<ArrayBuffer>; keyFrame: boolean }[];
}

/** A moving test pattern with an IDR each `gop` frames; kbit/s. */
export async function encodeClip(
  { width = 1280, height = 720, fps = 60, frames = 120, gop = 30, kbits = 6000 } = {},
): Promise<Clip> {
  const source = `testsrc2=size=${width}x${height}:rate=${fps}`;
  const x264 = `keyint=${gop}:min-keyint=${gop}:scenecut=0:vbv-maxrate=${kbits}:vbv-bufsize=${
    Math.ceil(kbits / 8)
  }`;
  const run = await new Deno.Command("ffmpeg", {
    args: [
      ...["-v", "error", "-f", "lavfi", "-i", source, "-frames:v", `${frames}`],
      ...["-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"],
      ...["-b:v", `${kbits}k`, "-x264-params", x264, "-profile:v", "baseline"],
      ...["-bsf:v", "h264_metadata=aud=insert", "-f", "h264", "-"],
    ],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (!run.success) throw new Error("expected ffmpeg with libx264 to encode the test clip");
  return { width, height, fps, accessUnits: splitAtDelimiters(run.stdout) };
}

function splitAtDelimiters(stream: Uint8Array<ArrayBuffer>): Clip["accessUnits"] {
  const starts: number[] = [];
  for (let i = 0; i + 4 < stream.length; i++) {
    const startCode = stream[i] === 0 && stream[i + 1] === 0 && stream[i + 2] === 0 &&
      stream[i + 3] === 1;
    if (startCode && (stream[i + 4] & 31) === 9) starts.push(i);
  }
  return starts.map((start, i) => {
    const data = stream.slice(start, starts[i + 1] ?? stream.length);
    let keyFrame = false;
    for (let at = 0; at + 3 < data.length; at++) {
      keyFrame ||= data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1 &&
        (data[at + 3] & 31) === 5;
    }
    return { data, keyFrame };
  });
}

/** Plays a clip in a loop at its rate, and goes to the next IDR when asked. */
export class ClipPlayer {
  onFrame: (frame: EncodedFrame) => void = () => {};
  played = 0;
  idrRequests = 0;
  #position = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextMs = 0;

  constructor(readonly clip: Clip) {}

  start(): void {
    this.#nextMs = performance.now();
    this.#tick();
  }

  requestIdr(): void {
    this.idrRequests++;
    const { accessUnits } = this.clip;
    while (!accessUnits[this.#position].keyFrame) {
      this.#position = (this.#position + 1) % accessUnits.length;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const { clip } = this;
    while (performance.now() >= this.#nextMs) {
      this.#nextMs += 1000 / clip.fps;
      const unit = clip.accessUnits[this.#position];
      this.#position = (this.#position + 1) % clip.accessUnits.length;
      this.onFrame(encodedFrame(clip, unit, this.played++));
    }
    const waitMs = Math.max(0, this.#nextMs - performance.now());
    this.#timer = setTimeout(() => this.#tick(), waitMs);
  }
}

export function encodedFrame(
  clip: Clip,
  unit: Clip["accessUnits"][number],
  sequence: number,
): EncodedFrame {
  const nowMs = monotonicMs();
  return {
    ...unit,
    width: clip.width,
    height: clip.height,
    sequence,
    rtpTimestamp: Math.floor(nowMs * 90) % 2 ** 32,
    timings: {
      inputMs: 0,
      commitMs: nowMs,
      capturedMs: nowMs,
      encodeStartMs: nowMs,
      encodedMs: nowMs,
    },
  };
}
