/** A compositor in its Worker with everything around it that a test looks at. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startCompositor } from "../../src/display/compositor_source.ts";
import { WaylandConnection } from "../../src/display/wayland/connection.ts";
import { type CapturedFrame, FrameReader, FrameRing } from "../../src/media/frame_ring.ts";
import type { DisplayEvent, DisplaySource } from "../../src/media/stages.ts";
import { encodeInput, type InputEvent } from "../../src/protocol/input.ts";
import type { KeyboardLayout, VideoMode } from "../../src/protocol/session.ts";
import { frameRgba } from "../tools/picture.ts";

export const SMALL: VideoMode = { width: 320, height: 200, fps: 60 };

type Without<T> = T extends unknown ? Omit<T, "timeMs"> : never;

export class DisplayUnderTest {
  readonly events: DisplayEvent[] = [];
  readonly ring = FrameRing.allocate(1920, 1080);
  readonly reader = new FrameReader(this.ring);
  readonly directory = Deno.makeTempDirSync({ prefix: "gl-display-" });
  readonly socketPath = join(this.directory, "wayland-0");
  readonly source: DisplaySource;
  readonly #connections: WaylandConnection[] = [];
  #arrived = () => {};

  private constructor(mode: VideoMode, keyboard: KeyboardLayout) {
    this.source = startCompositor({ socketPath: this.socketPath, mode, keyboard, ring: this.ring });
    this.source.onEvent = (event) => {
      this.events.push(event);
      this.#arrived();
    };
  }

  /** Runs `test` with a compositor that takes clients and takes everything down after it. */
  static async run(
    test: (display: DisplayUnderTest) => Promise<void> | void,
    { mode = SMALL, keyboard = { layout: "us", variant: "" } } = {},
  ): Promise<void> {
    const display = new DisplayUnderTest(mode, keyboard);
    try {
      await display.event("ready");
      await test(display);
    } finally {
      for (const connection of display.#connections) connection.close();
      await display.source.close();
      Deno.removeSync(display.directory, { recursive: true });
    }
  }

  connect(): WaylandConnection {
    const connection = WaylandConnection.connect(this.socketPath);
    this.#connections.push(connection);
    return connection;
  }

  /** A connection that the test closes itself. */
  forget(connection: WaylandConnection): void {
    this.#connections.splice(this.#connections.indexOf(connection), 1);
    connection.close();
  }

  input(event: Without<InputEvent>): void {
    this.source.input(encodeInput({ ...event, timeMs: 0 } as InputEvent));
  }

  /** Resolves with the first event of a type, from those that came already or will come. */
  async event<T extends DisplayEvent["type"]>(
    type: T,
    matches: (event: Extract<DisplayEvent, { type: T }>) => boolean = () => true,
  ): Promise<Extract<DisplayEvent, { type: T }>> {
    const found = () =>
      this.events.find((event): event is Extract<DisplayEvent, { type: T }> =>
        event.type === type && matches(event as Extract<DisplayEvent, { type: T }>)
      );
    await until(`event ${type}`, () => found() !== undefined, (wake) => this.#arrived = wake);
    return found()!;
  }

  /** The newest picture, once it satisfies `condition`. */
  async picture(what: string, condition: (picture: Picture) => boolean): Promise<Picture> {
    let picture: Picture | undefined;
    await until(what, () => {
      const frame = this.reader.take();
      if (frame) picture = new Picture(frame);
      return picture !== undefined && condition(picture);
    });
    return picture!;
  }
}

/** A picture as colours. */
export class Picture {
  readonly width: number;
  readonly height: number;
  readonly inputMs: number;
  readonly commitMs: number;
  readonly capturedMs: number;
  readonly #rgba: Uint8Array;

  constructor(frame: CapturedFrame) {
    this.width = frame.width;
    this.height = frame.height;
    this.inputMs = frame.inputMs;
    this.commitMs = frame.commitMs;
    this.capturedMs = frame.capturedMs;
    this.#rgba = frameRgba(frame);
  }

  at(x: number, y: number): number[] {
    const from = (y * this.width + x) * 4;
    return [...this.#rgba.subarray(from, from + 3)];
  }

  /** True where the pixel is this colour as nearly as limited-range YUV can say it. */
  is(x: number, y: number, [r, g, b]: readonly number[], tolerance = 8): boolean {
    const found = this.at(x, y);
    return [r, g, b].every((value, i) => Math.abs(value - found[i]) <= tolerance);
  }
}

/** Waits until `condition` holds, looking again every few milliseconds; fails after half a minute. */
export async function until(
  what: string,
  condition: () => boolean,
  listen: (wake: () => void) => void = () => {},
): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `timed out waiting for ${what}`);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 4);
      listen(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** Open descriptors of this process. */
export function descriptors(): number {
  return openFiles().length;
}

/** Waits until no more are open than `before`, which {@linkcode openFiles} gave; names those that stay. */
export async function filesClosed(before: string[]): Promise<void> {
  await until("descriptors to be closed", () => descriptors() <= before.length).catch((error) => {
    const left = [...before];
    const more = openFiles().filter((file) => {
      const at = left.indexOf(file);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    throw new Error(`${error.message}: ${more.join(", ")}`);
  });
}

/** What they lead to, sorted. */
export function openFiles(): string[] {
  const files: string[] = [];
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      // Sockets and pipes have a number that no other has.
      files.push(Deno.readLinkSync(`/proc/self/fd/${name}`));
    } catch {
      // The folder's own.
    }
  }
  return files.sort();
}
