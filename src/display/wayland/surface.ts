/** wl_surface: a picture with its state, its role and its subsurfaces. */
import { monotonicMs } from "../../media/clock.ts";
import { ClientBuffer } from "./buffer.ts";
import { type Client, completeCallback, LimitError } from "./client.ts";
import type { Compositor } from "./compositor.ts";
import { SurfaceContent } from "./content.ts";
import { intersect, type Rect, unite } from "./geometry.ts";
import { PicturePace } from "./picture_pace.ts";
import type { WpPresentationFeedbackResource } from "./generated/presentation-time.ts";
import {
  WlBufferResource,
  type WlCallbackResource,
  type WlRegionResource,
  WlSurfaceError,
  type WlSurfaceRequests,
  type WlSurfaceResource,
} from "./generated/wayland.ts";
import { Area, Region } from "./region.ts";
import { handlerOf, ProtocolError } from "./resource.ts";
import { mergeChange, noChange, type SurfaceChange } from "./surface_state.ts";

const MAX_PENDING_CALLBACKS = 1000;

/** What a surface is used for: a window, a popup, a subsurface, a cursor. */
export interface SurfaceRole {
  readonly name: string;
  /** Where true, a commit waits for the parent's (wl_subsurface, synchronised mode). */
  synchronised?(): boolean;
  /** Before a commit is applied; may throw ProtocolError. `attaches`: it brings a picture. */
  beforeCommit?(attaches: boolean): void;
  /** A commit was applied; `shown` tells whether the surface has, or is about to have, a picture. */
  committed(shown: boolean): void;
  surfaceDestroyed(): void;
}

/** A picture that was committed and not imported yet. */
export interface WaitingPicture {
  buffer: ClientBuffer;
  /** Buffer coordinates; undefined: nothing changed. */
  damage: Rect | undefined;
  commitMs: number;
  /** The newest input the game had been given before this commit. */
  inputMs: number;
}

export class Surface implements WlSurfaceRequests {
  role: SurfaceRole | undefined;
  readonly content: SurfaceContent;
  waiting: WaitingPicture | undefined;
  /** This surface and its subsurfaces from bottom to top, with their positions. */
  stack: Surface[] = [this];
  /** Position in the parent, of a subsurface. */
  x = 0;
  y = 0;
  scale = 1;
  transform = 0;
  opaque: Area | undefined;
  input: Area | undefined;
  viewportSource: Rect | undefined;
  viewportSize: { width: number; height: number } | undefined;
  /** Frame callbacks and presentation feedback due with the next tick. */
  callbacks: WlCallbackResource[] = [];
  feedbacks: WpPresentationFeedbackResource[] = [];
  /** Collected since the last commit. */
  pending: SurfaceChange = noChange();
  /** Applied with this surface's next commit: positions and order of subsurfaces. */
  readonly onCommit: (() => void)[] = [];
  #cached: SurfaceChange | undefined;
  /** How fast its program draws. */
  readonly pace = new PicturePace();
  #hasBuffer = false;

  constructor(readonly compositor: Compositor, readonly resource: WlSurfaceResource) {
    resource.handler = this;
    this.content = new SurfaceContent(this.client);
    compositor.surfaces.add(this);
  }

  /** The surface behind a resource. */
  static of(resource: WlSurfaceResource): Surface {
    return handlerOf(resource, Surface);
  }

  get client(): Client {
    return this.resource.client as Client;
  }

  /** Size in surface coordinates; 0 without a picture. */
  get size(): { width: number; height: number } {
    if (this.viewportSize) return this.viewportSize;
    if (this.viewportSource) {
      const { width, height } = this.viewportSource;
      return { width, height };
    }
    const { width, height } = this.content;
    return { width: width / this.scale, height: height / this.scale };
  }

  /** The part of the content that is shown, in its pixels. */
  get source(): Rect {
    const { width, height } = this.content;
    const { viewportSource: source, scale } = this;
    const whole = { x: 0, y: 0, width, height };
    if (!source) return whole;
    const cropped = {
      x: source.x * scale,
      y: source.y * scale,
      width: source.width * scale,
      height: source.height * scale,
    };
    // A crop that reaches beyond the picture must not make anyone read beyond its memory.
    return intersect(cropped, whole) ?? whole;
  }

  /** Gives the surface a role. A surface keeps its kind of role for life. */
  assignRole(role: SurfaceRole, refuse: (message: string) => never): void {
    if (this.role && this.role.name !== role.name) {
      refuse(`surface ${this.resource.id} is a ${this.role.name} already`);
    }
    this.role = role;
  }

  attach(buffer: WlBufferResource | null, x: number, y: number): void {
    if (this.resource.version >= 5 && (x !== 0 || y !== 0)) {
      this.#refuse(WlSurfaceError.invalidOffset, `expected offset 0, 0, got ${x}, ${y}`);
    }
    const { pending } = this;
    const attached = buffer && handlerOf(buffer, ClientBuffer);
    pending.buffer?.drop();
    attached?.retain();
    pending.buffer = attached;
  }

  damage(x: number, y: number, width: number, height: number): void {
    if (width <= 0 || height <= 0) return;
    this.pending.surfaceDamage = unite(this.pending.surfaceDamage, { x, y, width, height });
  }

  damageBuffer(x: number, y: number, width: number, height: number): void {
    if (width <= 0 || height <= 0) return;
    this.pending.bufferDamage = unite(this.pending.bufferDamage, { x, y, width, height });
  }

  frame(callback: WlCallbackResource): void {
    if (this.pending.callbacks.length + this.callbacks.length >= MAX_PENDING_CALLBACKS) {
      throw new LimitError(`more than ${MAX_PENDING_CALLBACKS} frame callbacks`);
    }
    this.pending.callbacks.push(callback);
  }

  setOpaqueRegion(region: WlRegionResource | null): void {
    this.pending.opaque = region && handlerOf(region, Region).snapshot();
  }

  setInputRegion(region: WlRegionResource | null): void {
    this.pending.input = region && handlerOf(region, Region).snapshot();
  }

  setBufferTransform(transform: number): void {
    if (transform < 0 || transform > 7) {
      this.#refuse(WlSurfaceError.invalidTransform, `expected 0 to 7, got ${transform}`);
    }
    this.pending.transform = transform;
  }

  setBufferScale(scale: number): void {
    if (scale < 1) this.#refuse(WlSurfaceError.invalidScale, `expected 1 or more, got ${scale}`);
    this.pending.scale = scale;
  }

  /** Only moves windows of clients that place themselves, which is not done here. */
  offset(): void {}

  commit(): void {
    const change = this.pending;
    this.role?.beforeCommit?.(change.buffer !== undefined && change.buffer !== null);
    this.pending = noChange();
    change.buffer?.acquire();
    if (!this.role?.synchronised?.()) return this.#apply(change);
    if (this.#cached) mergeChange(this.#cached, change);
    else this.#cached = change;
  }

  /** Applies what a synchronised subsurface committed before its parent's commit. */
  applyCached(): void {
    const cached = this.#cached;
    this.#cached = undefined;
    if (cached) this.#apply(cached);
  }

  #apply(change: SurfaceChange): void {
    this.callbacks.push(...change.callbacks);
    if (change.callbacks.length > 0) this.compositor.presenter.requestTick();
    this.#replaceFeedbacks(change);
    const layoutChanged = this.#applyValues(change);
    if (change.buffer === null) this.#unmap();
    else if (change.buffer) this.#submit(change.buffer, change);
    for (const apply of this.onCommit.splice(0)) apply();
    for (const child of this.stack) {
      if (child !== this && child.role?.synchronised?.()) child.applyCached();
    }
    this.role?.committed(this.#hasBuffer);
    if (layoutChanged) this.compositor.presenter.requestRender();
  }

  #applyValues(change: SurfaceChange): boolean {
    let changed = false;
    if (change.scale !== undefined) changed = this.scale !== (this.scale = change.scale);
    if (change.transform !== undefined) this.transform = change.transform;
    if (change.opaque !== undefined) this.opaque = change.opaque ?? undefined;
    if (change.input !== undefined) this.input = change.input ?? undefined;
    if (change.viewportSource !== undefined) {
      this.viewportSource = change.viewportSource ?? undefined;
      changed = true;
    }
    if (change.viewportSize !== undefined) {
      this.viewportSize = change.viewportSize ?? undefined;
      changed = true;
    }
    return changed;
  }

  #submit(buffer: ClientBuffer, change: SurfaceChange): void {
    const { width, height } = buffer;
    let damage = change.bufferDamage;
    // Surface coordinates only match the buffer's where nothing turns or scales it.
    if (change.surfaceDamage) {
      const plain = this.transform === 0 && !this.viewportSize && !this.viewportSource;
      const { x, y, width: w, height: h } = change.surfaceDamage;
      const s = this.scale;
      damage = unite(
        damage,
        plain ? { x: x * s, y: y * s, width: w * s, height: h * s } : { x: 0, y: 0, width, height },
      );
    }
    if (!this.content.present || this.transform !== 0) damage = { x: 0, y: 0, width, height };
    this.pace.committed(monotonicMs());
    this.compositor.presenter.submit(this, buffer, damage);
    this.#hasBuffer = true;
  }

  #replaceFeedbacks(change: SurfaceChange): void {
    if (change.buffer === undefined) return void this.feedbacks.push(...change.feedbacks);
    for (const feedback of this.feedbacks) {
      if (!feedback.alive) continue;
      feedback.discarded();
      this.client.destroy(feedback);
    }
    this.feedbacks = change.feedbacks;
    if (change.feedbacks.length > 0) this.compositor.presenter.requestTick();
  }

  /** Tells the client that the surface came onto the output, or left it. */
  tellOutputs(shown: boolean): void {
    for (const output of this.compositor.output.resourcesOf(this.client)) {
      if (shown) this.resource.enter(output);
      else this.resource.leave(output);
    }
  }

  #unmap(): void {
    this.#hasBuffer = false;
    if (this.content.present) this.tellOutputs(false);
    this.dropWaiting();
    this.content.clear();
    this.compositor.presenter.requestRender();
  }

  /** Lets go of a picture that will not be shown. */
  dropWaiting(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.buffer.release();
    waiting?.buffer.drop();
  }

  /** Answers the frame callbacks that are due. */
  completeCallbacks(timeMs: number): void {
    for (const callback of this.callbacks.splice(0)) completeCallback(callback, timeMs);
  }

  destroyed(): void {
    this.role?.surfaceDestroyed();
    this.dropWaiting();
    this.pending.buffer?.drop();
    this.pending.buffer = undefined;
    this.#cached?.buffer?.drop();
    this.#cached = undefined;
    this.content.clear();
    this.compositor.surfaces.delete(this);
    this.compositor.surfaceGone(this);
    this.compositor.presenter.requestRender();
  }

  #refuse(code: number, message: string): never {
    throw new ProtocolError(this.resource, code, message);
  }
}
