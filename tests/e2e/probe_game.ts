/**
 * A test double of a game: a Wayland client of the test's own process on a real session's display.
 * It tells what reaches a game, and asks for what games ask for.
 */
import { join } from "node:path";
import { libc, O_CLOEXEC, O_NONBLOCK } from "../../ffi/libc.ts";
import {
  WlDataDeviceManagerProxy,
  type WlDataDeviceProxy,
  type WlDataOfferProxy,
} from "../../src/display/wayland/generated/wayland.ts";
import {
  type ZwpLockedPointerV1Proxy,
  ZwpPointerConstraintsV1Lifetime,
  ZwpPointerConstraintsV1Proxy,
} from "../../src/display/wayland/generated/pointer-constraints-unstable-v1.ts";
import { ZwpRelativePointerManagerV1Proxy } from "../../src/display/wayland/generated/relative-pointer-unstable-v1.ts";
import { ZwpTextInputManagerV3Proxy } from "../../src/display/wayland/generated/text-input-unstable-v3.ts";
import { WaylandConnection } from "../../src/display/wayland/connection.ts";
import { makeRunRoot } from "../../src/node/run_root.ts";
import { BLUE, TestClient, type TestWindow } from "../display/test_client.ts";
import { until } from "./browser.ts";
import type { House } from "./house.ts";

/** The private directory of a house's session. */
export function runDirectory(house: House, sessionId: string): string {
  return join(makeRunRoot(house.dataDir), sessionId);
}

/** What the game was told, in the words of input-event-codes.h where those are numbers. */
export class ProbeGame implements Disposable {
  /** Keys and buttons that are down. */
  readonly held = new Set<number>();
  /** Keys and buttons in the order in which they went down. */
  readonly pressed: number[] = [];
  readonly touches: string[] = [];
  text = "";
  /** Position on the window, pixels. */
  pointer = { x: -1, y: -1 };
  /** Sum of relative movement, pixels. */
  moved = { x: 0, y: 0 };
  /** Sum of wheel movement in 1/120 of a detent. */
  wheel = { x: 0, y: 0 };
  focused = false;
  locked = false;
  readonly window: TestWindow;
  readonly #client: TestClient;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #device: WlDataDeviceProxy;
  readonly #pointer;
  #lock: ZwpLockedPointerV1Proxy | undefined;
  #serial = 0;
  #selection: { offer: WlDataOfferProxy; types: string[] } | undefined;
  #failure: Error | undefined;

  /** Opens a fullscreen window in the session, over whatever is there. */
  constructor(house: House, sessionId: string, { touch = true, textInput = true } = {}) {
    const socket = join(runDirectory(house, sessionId), "wayland-0");
    const client = this.#client = new TestClient(WaylandConnection.connect(socket));
    const { seat, keyboard, pointer } = client.seat();
    this.#pointer = pointer;
    keyboard.listener = {
      keymap: (_format, fd) => void libc.close(fd),
      enter: (serial) => {
        this.#serial = serial;
        this.focused = true;
      },
      leave: () => this.focused = false,
      key: (serial, _time, code, state) => {
        this.#serial = serial;
        this.#change(code, state === 1);
      },
    };
    pointer.listener = {
      enter: (_serial, _surface, x, y) => this.pointer = { x, y },
      motion: (_time, x, y) => this.pointer = { x, y },
      button: (serial, _time, code, state) => {
        this.#serial = serial;
        this.#change(code, state === 1);
      },
      axisValue120: (axis, value) => this.wheel[axis === 0 ? "y" : "x"] += value,
    };
    if (touch) {
      seat.getTouch().listener = {
        down: (_serial, _time, _surface, id) => void this.touches.push(`down ${id}`),
        up: (_serial, _time, id) => void this.touches.push(`up ${id}`),
      };
    }
    client.globals.bind(ZwpRelativePointerManagerV1Proxy, 1).getRelativePointer(pointer).listener =
      {
        relativeMotion: (_high, _low, dx, dy) => {
          this.moved.x += dx;
          this.moved.y += dy;
        },
      };
    if (textInput) {
      const input = client.globals.bind(ZwpTextInputManagerV3Proxy, 1).getTextInput(seat);
      input.listener = { commitString: (text) => void (this.text += text ?? "") };
      input.enable();
      input.commit();
    }
    this.#device = client.globals.bind(WlDataDeviceManagerProxy, 3).getDataDevice(seat);
    let offered: { offer: WlDataOfferProxy; types: string[] } | undefined;
    this.#device.listener = {
      dataOffer: (offer) => {
        const types: string[] = [];
        offered = { offer, types };
        offer.listener = { offer: (type) => void types.push(type) };
      },
      selection: (offer) => this.#selection = offer === offered?.offer ? offered : undefined,
    };
    this.window = client.window((toplevel) => {
      toplevel.setTitle("Probe");
      toplevel.setFullscreen(null);
    });
    const { width, height } = this.window.configured.at(-1) ?? { width: 1280, height: 720 };
    this.window.fill(width || 1280, height || 720, BLUE);
    this.#timer = setInterval(() => this.#dispatch(), 4);
  }

  /** Asks for the pointer's lock, as a game with a camera does. */
  lockPointer(): void {
    this.#lock = this.#client.globals.bind(ZwpPointerConstraintsV1Proxy, 1).lockPointer(
      this.window.surface,
      this.#pointer,
      null,
      ZwpPointerConstraintsV1Lifetime.persistent,
    );
    this.#lock.listener = { locked: () => this.locked = true, unlocked: () => this.locked = false };
    this.#client.connection.flush();
  }

  unlockPointer(): void {
    this.#lock?.destroy();
    this.#lock = undefined;
    this.locked = false;
    this.#client.connection.flush();
  }

  /** Copies text, as Ctrl+C in the game does. */
  copy(text: string): void {
    const source = this.#client.globals.bind(WlDataDeviceManagerProxy, 3).createDataSource();
    source.offer("text/plain;charset=utf-8");
    source.listener = {
      send: (_type, fd) => {
        const bytes = new TextEncoder().encode(text);
        libc.write(fd, bytes, BigInt(bytes.length));
        libc.close(fd);
      },
    };
    this.#device.setSelection(source, this.#serial);
    this.#client.connection.flush();
  }

  /** The text on the session's clipboard, as Ctrl+V in the game gets it. */
  async paste(): Promise<string | undefined> {
    const type = this.#selection?.types.find((type) => type.startsWith("text/plain"));
    if (!type) return undefined;
    const ends = new Uint32Array(2);
    libc.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC | O_NONBLOCK);
    this.#selection!.offer.receive(type, ends[1]);
    this.#client.connection.flush();
    libc.close(ends[1]);
    const chunk = new Uint8Array(4096);
    const decoder = new TextDecoder();
    let text = "";
    // An offer that another one has replaced gives nothing but the end.
    await until("the end of the clipboard's text", () => {
      const count = Number(libc.read(ends[0], chunk, BigInt(chunk.length)));
      if (count > 0) text += decoder.decode(chunk.subarray(0, count), { stream: true });
      return count === 0;
    });
    libc.close(ends[0]);
    return text;
  }

  /** Waits until `condition` holds of what the game was told. */
  async until(what: string, condition: (game: this) => boolean, timeoutMs = 10_000): Promise<void> {
    await until(what, () => {
      if (this.#failure) throw this.#failure;
      return condition(this);
    }, timeoutMs).catch((error) => {
      const { held, pressed, pointer, moved, wheel, text, touches, focused, locked } = this;
      const told = {
        held: [...held],
        pressed,
        pointer,
        moved,
        wheel,
        text,
        touches,
        focused,
        locked,
      };
      throw new Error(`${error.message}; the game was told ${JSON.stringify(told)}`);
    });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#client.connection.close();
  }

  #change(code: number, down: boolean): void {
    if (!down) {
      this.held.delete(code);
      return;
    }
    this.held.add(code);
    this.pressed.push(code);
  }

  #dispatch(): void {
    try {
      while (this.#client.connection.wait(0)) this.#client.connection.dispatch();
    } catch (error) {
      this.#failure = error as Error;
      clearInterval(this.#timer);
    }
  }
}
