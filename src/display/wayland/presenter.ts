/**
 * When pictures are taken from clients and when they reach the ring.
 *
 * Time is cut into ticks at the stream's rate. The first picture of a tick is taken at once, so that
 * it is not delayed; later ones wait for the end of the tick, and the newest wins. Such a late
 * picture does not use up the next tick: a client that draws when it is called back would otherwise
 * be one frame late for ever. Only where it happens tick after tick and several pictures come in
 * each, from a client that draws faster than the stream or from several, does it count, which keeps
 * the stream's rate.
 *
 * The first pictures after a press are taken at once, whatever their tick had before: the player
 * waits for them. Presses are few, so that this hardly raises the rate; movement has no such right.
 */
import { libc } from "../../../ffi/libc.ts";
import { monotonicMs } from "../../media/clock.ts";
import { FrameRing, FrameWriter, type I420Planes } from "../../media/frame_ring.ts";
import type { VideoMode } from "../../protocol/session.ts";
import { BufferError, type ClientBuffer } from "./buffer.ts";
import { LimitError } from "./client.ts";
import type { Compositor } from "./compositor.ts";
import { WpPresentationFeedbackKind } from "./generated/presentation-time.ts";
import { intersect, type Rect, sameRect, unite } from "./geometry.ts";
import { Painter } from "./painter.ts";
import { coverage, shownSource, type View } from "./scene.ts";
import type { Surface, WaitingPicture } from "./surface.ts";
import type { Timer } from "./event_loop.ts";

/** Pictures after a press that are taken at once: a client may have begun the first one before it. */
const PRESS_PICTURES = 2;

/** What is remembered of a view to see whether the layout changed. */
interface Placed {
  surface: Surface;
  covered: Rect;
  source: Rect;
}

interface TakenPicture {
  surface: Surface;
  buffer: ClientBuffer;
}

export class Presenter {
  readonly #painter = new Painter();
  readonly #writer: FrameWriter;
  /** The tick whose picture was painted, and the last tick that began with a late one. */
  #paintedTick = -1;
  #lateTick = -2;
  /** The newest press that a picture came after, and how many more are taken at once. */
  #answer = { pressMs: 0, left: 0 };
  #urgent = false;
  /** The tick of the newest commits and how many there were. */
  #commitTick = -1;
  #commits = 0;
  /** Surfaces with a new picture. */
  readonly #due = new Set<Surface>();
  #periodMs = 1000 / 60;
  #mode: VideoMode;
  #tick: Timer | undefined;
  #renderNeeded = false;
  #damage: Rect | undefined;
  #placed: Placed[] = [];
  #published: I420Planes | undefined;
  #newest: WaitingPicture | undefined;

  constructor(readonly compositor: Compositor, ring: FrameRing, mode: VideoMode) {
    this.#writer = new FrameWriter(ring);
    this.#mode = mode;
    this.setMode(mode);
  }

  get periodMs(): number {
    return this.#periodMs;
  }

  setMode(mode: VideoMode): void {
    if (!this.#writer.ring.fits(mode.width, mode.height)) {
      throw new RangeError(`the frame ring has no room for ${mode.width}×${mode.height}`);
    }
    this.#mode = mode;
    this.#periodMs = 1000 / mode.fps;
    this.#painter.resize(mode.width, mode.height);
    this.#published = undefined;
    this.#placed = [];
    this.#tick?.cancel();
    this.#tick = undefined;
    this.requestTick();
    this.requestRender();
  }

  #tickOf(timeMs: number): number {
    return Math.floor(timeMs / this.#periodMs);
  }

  /** A surface committed a buffer, which this takes over. */
  submit(surface: Surface, buffer: ClientBuffer, damage: Rect | undefined): void {
    const before = surface.waiting;
    if (before) {
      if (before.damage) damage = damage ? unite(damage, before.damage) : before.damage;
      surface.dropWaiting();
      buffer.acquire();
    }
    const commitMs = monotonicMs();
    this.#countCommit(this.#tickOf(commitMs));
    const inputMs = this.compositor.seat.newestInputMs;
    surface.waiting = { buffer, damage, commitMs, inputMs };
    this.#due.add(surface);
  }

  #countCommit(tick: number): void {
    this.#commits = tick === this.#commitTick ? this.#commits + 1 : 1;
    this.#commitTick = tick;
  }

  /** Something besides a surface's pixels changed. */
  requestRender(): void {
    this.#renderNeeded = true;
  }

  /** Someone waits for the end of this tick. */
  requestTick(): void {
    if (this.#tick) return;
    const next = (this.#tickOf(monotonicMs()) + 1) * this.#periodMs;
    this.#tick = this.compositor.loop.at(next, () => this.#endTick());
  }

  #endTick(): void {
    this.#tick = undefined;
    const now = monotonicMs();
    const tick = this.#tickOf(now);
    if (this.#renderNeeded || this.#due.size > 0) {
      const several = this.#commitTick === tick - 1 && this.#commits > 1;
      const again = this.#lateTick === tick - 1 && several;
      this.#lateTick = tick;
      if (this.#take([...this.#due]) && again) this.#paintedTick = tick;
    }
    for (const surface of this.compositor.surfaces) {
      surface.completeCallbacks(now);
      this.#completeFeedbacks(surface, now, tick);
    }
  }

  #completeFeedbacks(surface: Surface, nowMs: number, tick: number): void {
    const seconds = Math.floor(nowMs / 1000);
    const nanoseconds = Math.floor((nowMs % 1000) * 1e6);
    const refresh = Math.round(this.#periodMs * 1e6);
    for (const feedback of surface.feedbacks.splice(0)) {
      if (!feedback.alive) continue;
      const { output } = this.compositor;
      for (const resource of output.resourcesOf(surface.client)) feedback.syncOutput(resource);
      feedback.presented(
        Math.floor(seconds / 2 ** 32),
        seconds % 2 ** 32,
        nanoseconds,
        refresh,
        Math.floor(tick / 2 ** 32),
        tick % 2 ** 32,
        WpPresentationFeedbackKind.vsync,
      );
      surface.client.destroy(feedback);
    }
  }

  /** After each batch of events: takes the pictures that are due and publishes what changed. */
  render(): void {
    const cursors = [...this.#due].filter(({ role }) => role?.name === "cursor");
    if (cursors.length > 0) this.#take(cursors);
    if (!this.#renderNeeded && this.#due.size === 0) return;
    const tick = this.#tickOf(monotonicMs());
    if (this.#paintedTick === tick && !this.#answersPress()) return this.requestTick();
    if (this.#take([...this.#due])) this.#paintedTick = tick;
  }

  #answersPress(): boolean {
    const { newestPressMs } = this.compositor.seat;
    if (this.#answer.pressMs === newestPressMs && this.#answer.left === 0) return false;
    return [...this.#due].some(({ waiting }) => waiting && waiting.commitMs > newestPressMs);
  }

  #countAnswer(): void {
    const { newestPressMs } = this.compositor.seat;
    const before = this.#answer.pressMs === newestPressMs ? this.#answer.left : PRESS_PICTURES;
    this.#answer = { pressMs: newestPressMs, left: before - 1 };
  }

  /** Takes the pictures of `due`, paints, and gives the buffers back. True where it painted. */
  #take(due: Surface[]): boolean {
    const taken: TakenPicture[] = [];
    this.#urgent = this.#answersPress();
    if (this.#urgent) this.#countAnswer();
    try {
      return this.#render(due, taken);
    } finally {
      for (const { surface, buffer } of taken) {
        if (!this.compositor.desktop.withholds(surface, buffer)) buffer.release();
        buffer.drop();
      }
    }
  }

  #render(due: Surface[], taken: TakenPicture[]): boolean {
    // Without a picture a surface has no view yet: show it first, then see what else there is.
    const shown = this.compositor.scene.views();
    const alone = shown.length === 0 || (shown.length === 1 &&
      due.every((surface) => surface === shown[0].surface || surface.role?.name === "cursor"));
    const damaged = new Map<Surface, Rect>();
    for (const surface of due) {
      this.#due.delete(surface);
      const { waiting } = surface;
      surface.waiting = undefined;
      if (!waiting) continue;
      taken.push({ surface, buffer: waiting.buffer });
      this.#import(surface, waiting, alone, damaged);
    }
    const views = this.compositor.scene.views();
    if (!this.#painter.canPaintAsIs(views)) this.#copyAll(views);
    if (this.#renderNeeded) this.#noteLayout(views);
    this.#renderNeeded = false;
    for (const view of views) {
      const rect = damaged.get(view.surface);
      if (rect) this.#damage = unite(this.#damage, toOutput(view, rect));
    }
    return this.#publish(views);
  }

  #import(
    surface: Surface,
    waiting: WaitingPicture,
    alone: boolean,
    damaged: Map<Surface, Rect>,
  ): void {
    const { buffer, damage, commitMs } = waiting;
    const { content } = surface;
    const { width, height, present } = content;
    try {
      if (alone) content.show(buffer, surface.transform);
      else {content.copyFrom(
          buffer,
          surface.transform,
          damage ?? { x: 0, y: 0, width: 0, height: 0 },
        );}
    } catch (error) {
      return this.#fail(surface, error);
    }
    if (!present) surface.tellOutputs(true);
    if (!present || content.width !== width || content.height !== height) this.#renderNeeded = true;
    if (damage) damaged.set(surface, damage);
    surface.role?.committed(true);
    if (!this.#newest || commitMs > this.#newest.commitMs) this.#newest = waiting;
  }

  /** From here on each surface needs pixels that its client cannot change any more. */
  #copyAll(views: View[]): void {
    for (const { surface } of views) {
      try {
        surface.content.makeCopy();
      } catch (error) {
        this.#fail(surface, error);
      }
    }
  }

  #noteLayout(views: View[]): void {
    const placed = views.map((view) => ({
      surface: view.surface,
      covered: coverage(view),
      source: shownSource(view),
    }));
    const same = placed.length === this.#placed.length && placed.every((now, i) => {
      const before = this.#placed[i];
      return now.surface === before.surface && sameRect(now.covered, before.covered) &&
        sameRect(now.source, before.source);
    });
    this.#placed = placed;
    if (same && this.#published) return;
    this.#damage = { x: 0, y: 0, width: this.#mode.width, height: this.#mode.height };
    this.compositor.layoutChanged();
  }

  #publish(views: View[]): boolean {
    const output = { x: 0, y: 0, width: this.#mode.width, height: this.#mode.height };
    const damage = this.#damage && intersect(this.#damage, output);
    this.#damage = undefined;
    if (!damage || (views.length === 0 && !this.#published)) return false;
    const planes = this.#writer.planes(output.width, output.height);
    try {
      this.#painter.paint(views, damage, planes);
    } catch (error) {
      const culprit = views.find(({ surface }) => !readable(surface));
      if (!culprit) throw error;
      this.#fail(culprit.surface, error);
      this.requestRender();
      this.requestTick();
      return false;
    }
    const newest = this.#newest;
    this.#newest = undefined;
    if (this.#published && samePicture(this.#published, planes)) return true;
    const capturedMs = monotonicMs();
    this.#writer.publish({
      width: output.width,
      height: output.height,
      inputMs: newest?.inputMs ?? this.compositor.seat.newestInputMs,
      commitMs: newest?.commitMs ?? capturedMs,
      capturedMs,
      urgent: this.#urgent,
    });
    const first = this.#published === undefined;
    this.#published = planes;
    if (first && views.length > 0) this.compositor.firstFrame();
    return true;
  }

  #fail(surface: Surface, error: unknown): void {
    if (!(error instanceof BufferError || error instanceof LimitError)) throw error;
    surface.content.clear();
    surface.client.fail(error);
  }
}

function readable({ content }: Surface): boolean {
  try {
    content.pixels();
    return true;
  } catch {
    return false;
  }
}

/** Output pixels that damage in content pixels may touch; one more on each side where it is scaled. */
function toOutput(view: View, damage: Rect): Rect {
  const covered = coverage(view);
  const source = shownSource(view);
  const scaleX = covered.width / source.width;
  const scaleY = covered.height / source.height;
  const margin = scaleX === 1 && scaleY === 1 ? 0 : Math.ceil(Math.max(scaleX, scaleY)) + 1;
  const left = Math.floor(covered.x + (damage.x - source.x) * scaleX) - margin;
  const top = Math.floor(covered.y + (damage.y - source.y) * scaleY) - margin;
  return {
    x: left,
    y: top,
    width: Math.ceil(damage.width * scaleX) + 2 * margin + 1,
    height: Math.ceil(damage.height * scaleY) + 2 * margin + 1,
  };
}

/** A slot's planes follow each other, so one comparison tells; it ends at the first difference. */
function samePicture(a: I420Planes, b: I420Planes): boolean {
  return a.y.length === b.y.length && same(a.y, b.y) && same(a.u, b.u) && same(a.v, b.v);
}

function same(a: Uint8Array<SharedArrayBuffer>, b: Uint8Array<SharedArrayBuffer>): boolean {
  const plain = (bytes: Uint8Array<SharedArrayBuffer>) =>
    bytes as unknown as Uint8Array<ArrayBuffer>;
  return libc.memcmp(plain(a), plain(b), BigInt(a.length)) === 0;
}
