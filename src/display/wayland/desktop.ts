/**
 * The desktop of an X server that is a client. Its window manager says how large it has to be and
 * which part of it the game is; that part is scaled to the output like the window of a Wayland game.
 */
import type { DesktopView } from "../../media/stages.ts";
import type { ClientBuffer } from "./buffer.ts";
import type { Compositor } from "./compositor.ts";
import { intersect, type Rect } from "./geometry.ts";
import type { Surface } from "./surface.ts";

/** So many pictures of its former size an X server may send before it is taken at its word. */
const MAX_WITHHELD = 4;
const NO_ROOM = { width: 0, height: 0 };

export class Desktop {
  #shown: DesktopView | undefined;
  #next: DesktopView | undefined;
  readonly #withheld: ClientBuffer[] = [];
  #mayWithhold = 0;

  constructor(readonly compositor: Compositor) {}

  /**
   * Shows another part. It waits until no button and no finger is down: what was pressed must not
   * be released over something else because the picture changed its scale in between.
   */
  setView(view: DesktopView): void {
    this.#next = view;
    this.settle();
  }

  /** Shows what waits, if it can be shown now. */
  settle(): void {
    const { compositor } = this;
    const view = this.#next;
    if (!view || compositor.seat.pressed) return;
    this.#next = undefined;
    this.#shown = view;
    compositor.presenter.requestRender();
    if (!compositor.output.setDesktop(view.server, view.room ?? NO_ROOM)) return;
    this.resized();
    for (const xdgSurface of compositor.xdgSurfaces) {
      const { configured, surface: { client } } = xdgSurface;
      if (configured && client.pid === view.server) xdgSurface.configure();
    }
  }

  /** The X server was told another size. */
  resized(): void {
    this.#mayWithhold = MAX_WITHHELD;
  }

  /**
   * Whether a buffer that was read is not given back yet. Xwayland 22.1 draws into buffers of its
   * desktop's former size as long as it has some, and makes one of the new size where it has none.
   */
  withholds(surface: Surface, buffer: ClientBuffer): boolean {
    const { client } = surface;
    if (client.pid !== this.#shown?.server || surface.role?.name !== "xdg surface") return false;
    const { width, height } = this.compositor.output.sizeFor(client);
    if (buffer.width === width && buffer.height === height) {
      this.#mayWithhold = 0;
      // Before the current one: the server takes the buffer that it got back last.
      for (const former of this.#withheld.splice(0)) former.release();
    }
    if (this.#mayWithhold === 0) return false;
    this.#mayWithhold--;
    this.#withheld.push(buffer);
    return true;
  }

  /** The part of a window's surface that is shown, in its coordinates; undefined: all of it. */
  partOf(surface: Surface): Rect | undefined {
    const { server, part } = this.#shown ?? {};
    if (!part || surface.client.pid !== server) return undefined;
    return intersect(part, { x: 0, y: 0, ...surface.size });
  }
}
