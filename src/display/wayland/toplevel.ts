/** xdg_toplevel: windows. A game's window is the whole screen; dialogs lie above it. */
import { LimitError } from "./client.ts";
import { fit } from "./geometry.ts";
import {
  XdgToplevelError,
  type XdgToplevelRequests,
  type XdgToplevelResource,
  XdgToplevelState,
  XdgToplevelWmCapabilities,
} from "./generated/xdg-shell.ts";
import { handlerOf, ProtocolError } from "./resource.ts";
import type { View } from "./scene.ts";
import type { XdgRole, XdgSurface } from "./xdg_shell.ts";

/** How a rootful Xwayland names its window. */
const X_SERVER = "org.freedesktop.Xwayland";
const MAX_TITLE = 200;
const MAX_PARENTS = 16;

interface Size {
  width: number;
  height: number;
}

export class Toplevel implements XdgToplevelRequests, XdgRole {
  title = "";
  appId = "";
  /** Smallest and largest size the client allows; 0 is no limit. */
  #minimum: Size = { width: 0, height: 0 };
  #maximum: Size = { width: 0, height: 0 };
  #limitsChanged = false;
  #parent: Toplevel | undefined;
  #fullscreenAsked = false;
  #maximizedAsked = false;

  constructor(readonly xdgSurface: XdgSurface, readonly resource: XdgToplevelResource) {
    resource.handler = this;
    resource.wmCapabilities(
      words([XdgToplevelWmCapabilities.fullscreen, XdgToplevelWmCapabilities.maximize]),
    );
  }

  /**
   * Where the window is: scaled to fit the output, or a dialog centred over its parent. Of an X
   * server's window only the game's part is shown.
   */
  view(): View {
    const { compositor, surface } = this.xdgSurface;
    const { width, height } = compositor.output.mode;
    const crop = compositor.desktop.partOf(surface);
    const geometry = crop ?? this.xdgSurface.geometry;
    const area = { x: 0, y: 0, width, height };
    let placed = fit(geometry.width || 1, geometry.height || 1, area);
    const parent = this.#mappedParent();
    if (parent) {
      const scale = Math.min(parent.view().scale, placed.scale);
      placed = {
        x: Math.round((width - geometry.width * scale) / 2),
        y: Math.round((height - geometry.height * scale) / 2),
        width: geometry.width * scale,
        height: geometry.height * scale,
        scale,
      };
    }
    const { scale } = placed;
    return {
      surface,
      x: placed.x - geometry.x * scale,
      y: placed.y - geometry.y * scale,
      scale,
      crop,
    };
  }

  #mappedParent(): Toplevel | undefined {
    const { toplevels } = this.xdgSurface.compositor.scene;
    return this.#parent && toplevels.includes(this.#parent) ? this.#parent : undefined;
  }

  /**
   * Proposes a size. Who asks for fullscreen or maximized gets the output's. So does a window that
   * names a smallest size and can grow, because its program knows of other sizes. Any other chooses
   * its own and is scaled: many games obey a size they are told and then draw into a corner of it.
   * The X server is told: its desktop is the output (from Xwayland 23.1 on it takes its size here).
   */
  configure(): void {
    const { compositor, surface } = this.xdgSurface;
    const { width, height } = compositor.output.sizeFor(surface.client);
    const { activated, fullscreen, maximized } = XdgToplevelState;
    this.resource.configureBounds(width, height);
    if (this.#fullscreenAsked) {
      this.resource.configure(width, height, words([fullscreen, activated]));
    } else if (this.#maximizedAsked || (!this.#parent && this.#growsTo({ width, height }))) {
      this.resource.configure(width, height, words([maximized, activated]));
    } else {
      this.resource.configure(0, 0, words([activated]));
    }
  }

  #growsTo({ width, height }: Size): boolean {
    if (this.appId === X_SERVER) return true;
    const within = (size: number, limit: number) => limit === 0 || size <= limit;
    return this.#minimum.width > 0 && within(width, this.#maximum.width) &&
      within(height, this.#maximum.height);
  }

  mapped(mapped: boolean): void {
    const { compositor } = this.xdgSurface;
    const { toplevels } = compositor.scene;
    const index = toplevels.indexOf(this);
    if (mapped && index < 0) toplevels.push(this);
    if (!mapped && index >= 0) toplevels.splice(index, 1);
    compositor.windowsChanged();
  }

  committed(): void {
    if (!this.#limitsChanged) return;
    this.#limitsChanged = false;
    if (this.xdgSurface.configured) this.xdgSurface.configure();
  }

  /** Asks the client to end. */
  close(): void {
    if (this.resource.alive) this.resource.close();
  }

  setParent(parent: XdgToplevelResource | null): void {
    const above = parent ? handlerOf(parent, Toplevel) : undefined;
    let depth = 0;
    for (let other = above; other; other = other.#parent) {
      if (++depth > MAX_PARENTS) throw new LimitError(`more than ${MAX_PARENTS} nested dialogs`);
      if (other !== this) continue;
      throw new ProtocolError(
        this.resource,
        XdgToplevelError.invalidParent,
        "a window cannot be its own ancestor",
      );
    }
    this.#parent = above;
    this.xdgSurface.compositor.presenter.requestRender();
  }

  setTitle(title: string): void {
    this.title = title.slice(0, MAX_TITLE);
    this.xdgSurface.compositor.windowsChanged();
  }

  setAppId(appId: string): void {
    this.appId = appId.slice(0, MAX_TITLE);
  }

  setMaxSize(width: number, height: number): void {
    this.#checkSize(width, height);
    this.#limitsChanged ||= width !== this.#maximum.width || height !== this.#maximum.height;
    this.#maximum = { width, height };
  }

  setMinSize(width: number, height: number): void {
    this.#checkSize(width, height);
    this.#limitsChanged ||= width !== this.#minimum.width || height !== this.#minimum.height;
    this.#minimum = { width, height };
  }

  #checkSize(width: number, height: number): void {
    if (width >= 0 && height >= 0) return;
    throw new ProtocolError(
      this.resource,
      XdgToplevelError.invalidSize,
      `expected no negative size, got ${width}×${height}`,
    );
  }

  setFullscreen(): void {
    this.#fullscreenAsked = true;
    this.#answer();
  }

  unsetFullscreen(): void {
    this.#fullscreenAsked = false;
    this.#answer();
  }

  setMaximized(): void {
    this.#maximizedAsked = true;
    this.#answer();
  }

  unsetMaximized(): void {
    this.#maximizedAsked = false;
    this.#answer();
  }

  #answer(): void {
    if (this.xdgSurface.configured) this.xdgSurface.configure();
  }

  // Nothing is drawn around windows and they cannot be moved or hidden.
  setMinimized(): void {}
  showWindowMenu(): void {}
  move(): void {}
  resize(): void {}

  destroyed(): void {
    this.xdgSurface.roleDestroyed();
  }
}

/** An array argument of 32-bit words. */
function words(values: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}
