import { monotonicMs } from "../../media/clock.ts";
import type { WaylandConnection } from "../wayland/connection.ts";
import type { EventLoop, Timer } from "../wayland/event_loop.ts";
import {
  type WlCallbackProxy,
  WlCompositorProxy,
  WlOutputProxy,
  WlSeatProxy,
  WlShmProxy,
  type WlSurfaceProxy,
} from "../wayland/generated/wayland.ts";
import { XdgWmBaseProxy } from "../wayland/generated/xdg-shell.ts";
import { Buffers } from "./buffers.ts";
import { type Painted, TestCard } from "./card.ts";
import { SeatInput } from "./seat.ts";
import { newState, type TestCardState } from "./state.ts";

const DEFAULT_SIZE = { width: 1280, height: 720 };
const DEFAULT_FPS = 60;
/**
 * When in a frame interval the animation moves on, if no input came. A compositor shows one commit
 * an interval at once; waiting keeps that one for input, and half leaves enough time to be on time.
 */
const ANIMATE_AFTER = 0.5;

/**
 * The Test card's window. It draws once for each of the compositor's frame callbacks; input makes it
 * draw and commit at once, without waiting for the callback.
 */
export class TestCardWindow {
  readonly state: TestCardState = newState();
  /** Called for each press, after the frame that shows it was committed. */
  onPress: () => void = () => {};
  /** Called once, when the first frame was committed. */
  onFirstFrame: () => void = () => {};
  closed = false;
  readonly #surface: WlSurfaceProxy;
  readonly #shm: WlShmProxy;
  #card: TestCard | undefined;
  #buffers: Buffers | undefined;
  #callback: WlCallbackProxy | undefined;
  #animation: Timer | undefined;
  #committed: Painted | undefined;
  #fps = DEFAULT_FPS;
  #size: { width: number; height: number } | undefined;
  #dueNow = false;
  #pressed = false;
  #secondStartMs = 0;
  #framesThisSecond = 0;

  /** Throws ConnectionError where the compositor lacks what a window needs. */
  constructor(readonly connection: WaylandConnection, readonly loop: EventLoop) {
    const globals = connection.globals();
    const compositor = globals.bind(WlCompositorProxy, 4);
    this.#shm = globals.bind(WlShmProxy, 1);
    const shell = globals.bind(XdgWmBaseProxy, 3);
    shell.listener = { ping: (serial) => shell.pong(serial) };
    if (globals.version(WlOutputProxy)) this.#followRate(globals.bind(WlOutputProxy, 2));
    if (globals.version(WlSeatProxy)) {
      new SeatInput(globals.bind(WlSeatProxy, 8), this.state, (presses) => this.input(presses));
    }
    this.#surface = compositor.createSurface();
    const surface = shell.getXdgSurface(this.#surface);
    const toplevel = surface.getToplevel();
    toplevel.setTitle("Gamelan Test card");
    toplevel.setAppId("gamelan-testcard");
    toplevel.setFullscreen(null);
    let asked = DEFAULT_SIZE;
    toplevel.listener = {
      configure: (width, height) => {
        asked = width > 0 && height > 0 ? { width, height } : this.#size ?? DEFAULT_SIZE;
      },
      close: () => this.closed = true,
    };
    surface.listener = {
      configure: (serial) => {
        surface.ackConfigure(serial);
        this.#resize(asked.width, asked.height);
      },
    };
    this.#surface.commit();
  }

  /** Something was pressed (`presses` times) or moved: the next {@linkcode draw} is due now. */
  input(presses: number): void {
    this.state.presses += presses;
    if (presses > 0) this.#pressed = true;
    this.#dueNow = true;
  }

  /** Draws and commits where that is due; call it after each batch of events. */
  draw(): void {
    if (this.#dueNow && this.#commit()) this.#dueNow = false;
    this.connection.flush();
    if (!this.#pressed || this.#dueNow) return;
    this.#pressed = false;
    this.onPress();
  }

  #followRate(output: WlOutputProxy): void {
    output.listener = {
      mode: (_flags, _width, _height, refresh) => {
        const fps = refresh > 0 ? Math.round(refresh / 1000) : DEFAULT_FPS;
        if (fps === this.#fps) return;
        this.#fps = fps;
        if (this.#size) this.#repaintAll(this.#size.width, this.#size.height);
      },
    };
  }

  #resize(width: number, height: number): void {
    if (this.#size?.width === width && this.#size.height === height) return;
    this.#size = { width, height };
    this.#buffers?.destroy();
    this.#buffers = new Buffers(this.#shm, width, height, () => {});
    this.#repaintAll(width, height);
  }

  #repaintAll(width: number, height: number): void {
    this.#card = new TestCard(width, height, this.#fps);
    this.#buffers?.forget();
    this.#committed = undefined;
    this.#dueNow = true;
  }

  /** False where all buffers are in use; the frame is drawn when one is released. */
  #commit(): boolean {
    const buffer = this.#buffers?.free();
    const card = this.#card;
    if (!buffer || !card) return false;
    this.#count();
    const { painted, overlays } = card.appearance(this.state);
    card.paint(buffer.pixels, card.changes(buffer.painted, painted), this.state, overlays);
    buffer.painted = painted;
    buffer.busy = true;
    this.#surface.attach(buffer.proxy, 0, 0);
    for (const { x, y, width, height } of card.changes(this.#committed, painted)) {
      this.#surface.damageBuffer(x, y, width, height);
    }
    const first = this.state.frame === 1;
    this.#committed = painted;
    this.#animation?.cancel();
    if (!this.#callback) this.#askForNextFrame();
    this.#surface.commit();
    if (first) {
      this.connection.flush();
      this.onFirstFrame();
    }
    return true;
  }

  #askForNextFrame(): void {
    this.#callback = this.#surface.frame();
    this.#callback.listener = {
      done: () => {
        this.#callback = undefined;
        this.#animation = this.loop.at(
          monotonicMs() + ANIMATE_AFTER * 1000 / this.#fps,
          () => this.#dueNow = true,
        );
      },
    };
  }

  #count(): void {
    const { state } = this;
    state.frame++;
    state.timeMs = monotonicMs();
    state.wallMs = Date.now();
    this.#framesThisSecond++;
    if (state.timeMs - this.#secondStartMs < 1000) return;
    state.fps = this.#secondStartMs === 0 ? 0 : this.#framesThisSecond;
    this.#secondStartMs = state.timeMs;
    this.#framesThisSecond = 0;
  }
}
