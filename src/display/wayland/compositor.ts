/**
 * The display of one session: a Wayland compositor whose screen is a frame ring.
 *
 * It runs wherever its event loop is turned; a session runs it in a Worker of its own.
 */
import {
  AF_UNIX,
  EPOLLIN,
  errno,
  errnoText,
  libc,
  SO_PEERCRED,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../../../ffi/libc.ts";
import { monotonicMs } from "../../media/clock.ts";
import type { FrameRing } from "../../media/frame_ring.ts";
import type { DisplayEvent } from "../../media/stages.ts";
import type { KeyboardLayout, VideoMode } from "../../protocol/session.ts";
import { Client, type ClientOwner } from "./client.ts";
import { unixAddress } from "./connection.ts";
import { Cursor } from "./cursor.ts";
import { Clipboard } from "./data_device.ts";
import { Desktop } from "./desktop.ts";
import { EventLoop } from "./event_loop.ts";
import { EventPace } from "./event_pace.ts";
import type { WlOutputResource } from "./generated/wayland.ts";
import { advertise } from "./globals.ts";
import { Output } from "./output.ts";
import { PointerConstraints } from "./pointer_constraints.ts";
import { Presenter } from "./presenter.ts";
import { PrimarySelection } from "./primary_selection.ts";
import { Scene } from "./scene.ts";
import { Seat } from "./seat.ts";
import { MAX_CLIPBOARD_TEXT, Transfers } from "./transfers.ts";
import type { Surface } from "./surface.ts";
import type { XdgSurface } from "./xdg_shell.ts";

const MAX_CLIENTS = 64;
/** Windows that are told of, the topmost ones. */
const MAX_TITLES = 32;

export interface CompositorOptions {
  /** Where clients connect; a file left there is replaced. */
  socketPath: string;
  mode: VideoMode;
  keyboard: KeyboardLayout;
  ring: FrameRing;
  onEvent: (event: DisplayEvent) => void;
}

export class Compositor implements ClientOwner {
  readonly loop = new EventLoop();
  readonly transfers = new Transfers(this.loop);
  readonly scene = new Scene();
  readonly surfaces = new Set<Surface>();
  readonly xdgSurfaces = new Set<XdgSurface>();
  readonly constraints = new PointerConstraints(this);
  readonly cursor = new Cursor(this);
  readonly clipboard = new Clipboard(this);
  readonly primary = new PrimarySelection(this);
  readonly desktop = new Desktop(this);
  readonly output: Output;
  readonly seat: Seat;
  readonly presenter: Presenter;
  readonly #options: CompositorOptions;
  readonly #events: EventPace;
  readonly #listening: number;
  readonly #clients = new Set<Client>();
  /** Of all clients, in bytes of buffers. */
  heldBytes = 0;
  #serial = 0;
  #firstFrame = false;
  #focusStale = false;
  #windowsStale = false;

  /** Opens the socket. Throws where it cannot be made or the keyboard layout does not exist. */
  constructor(options: CompositorOptions) {
    this.#options = options;
    this.#events = new EventPace(this.loop, options.onEvent);
    this.output = new Output(options.mode);
    this.seat = new Seat(this, options.keyboard);
    this.presenter = new Presenter(this, options.ring, options.mode);
    this.#listening = listen(options.socketPath);
    this.loop.watch(this.#listening, EPOLLIN, () => this.#accept());
    this.loop.afterBatch = () => this.#afterBatch();
  }

  emit(event: DisplayEvent): void {
    this.#events.emit(event);
  }

  /** The next number that names an event to clients. */
  nextSerial(): number {
    this.#serial = (this.#serial + 1) >>> 0;
    return this.#serial;
  }

  /** Time of input events: milliseconds that wrap after 2^32. */
  timestamp(): number {
    return Math.floor(monotonicMs()) >>> 0;
  }

  #accept(): void {
    for (;;) {
      const fd = libc.accept4(this.#listening, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      if (this.#clients.size >= MAX_CLIENTS) {
        libc.close(fd);
        this.emit({ type: "client-error", pid: 0, message: `more than ${MAX_CLIENTS} clients` });
        continue;
      }
      this.#clients.add(new Client(this, fd, peerPid(fd)));
    }
  }

  bindRegistry(client: Client, id: number): void {
    advertise(this, client, id);
  }

  clientGone(client: Client, reason: string | undefined): void {
    this.#clients.delete(client);
    if (reason === undefined) return;
    this.emit({ type: "client-error", pid: client.pid, message: reason });
  }

  #afterBatch(): void {
    this.desktop.settle();
    this.presenter.render();
    if (this.#focusStale) {
      this.#focusStale = false;
      this.seat.refocus();
    }
    if (this.#windowsStale) {
      this.#windowsStale = false;
      const titles = this.scene.toplevels.slice(-MAX_TITLES).map(({ title, appId }) =>
        title || appId
      );
      this.emit({ type: "windows", titles });
    }
    for (const client of this.#clients) client.flush();
  }

  /** A window or popup appeared, went, or changed its title. */
  windowsChanged(): void {
    this.#focusStale = true;
    this.#windowsStale = true;
  }

  /** Something moved under the pointer. */
  layoutChanged(): void {
    this.#focusStale = true;
  }

  /** A client bound the output: it hears which of its surfaces are on it already. */
  outputBound(resource: WlOutputResource): void {
    for (const surface of this.surfaces) {
      if (surface.client === resource.client && surface.content.present) {
        surface.resource.enter(resource);
      }
    }
  }

  keyboardFocusChanged(before: Surface | undefined, now: Surface | undefined): void {
    this.seat.text.focusChanged(before, now);
  }

  /** A button goes down: popups that do not belong to what is under the pointer are dismissed. */
  pointerPressed(): void {
    const client = this.scene.hit(this.seat.pointer.x, this.seat.pointer.y)?.view.surface.client;
    for (const popup of [...this.scene.popups].reverse()) {
      if (popup.grabbed && popup.resource.client !== client) popup.dismiss();
    }
  }

  firstFrame(): void {
    if (this.#firstFrame) return;
    this.#firstFrame = true;
    this.emit({ type: "first-frame" });
  }

  surfaceGone(surface: Surface): void {
    this.constraints.surfaceGone(surface);
    this.seat.surfaceGone(surface);
  }

  /** Changes size and rate while clients run; they are scaled until they follow. */
  setMode(mode: VideoMode): void {
    const before = this.output.mode;
    this.presenter.setMode(mode);
    this.output.setMode(mode);
    this.desktop.resized();
    const { pointer } = this.seat;
    pointer.warp(pointer.x * mode.width / before.width, pointer.y * mode.height / before.height);
    for (const xdgSurface of this.xdgSurfaces) {
      if (xdgSurface.configured) xdgSurface.configure();
    }
  }

  setClipboard(text: string): void {
    const short = text.slice(0, MAX_CLIPBOARD_TEXT);
    this.clipboard.setText(short);
    this.primary.setText(short);
  }

  requestClose(): void {
    for (const toplevel of this.scene.toplevels) toplevel.close();
  }

  /** Cuts all clients off and frees everything. */
  close(): void {
    for (const client of [...this.#clients]) client.close(undefined);
    this.transfers.close();
    this.seat.close();
    this.loop.unwatch(this.#listening);
    libc.close(this.#listening);
    removeSocket(this.#options.socketPath);
    this.loop.close();
  }
}

/**
 * A listening socket. Its folder decides who reaches it, and must be private to the session: the
 * sandboxed game may run as another user, so the socket itself is open to all.
 */
function listen(path: string): number {
  removeSocket(path);
  const address = unixAddress(path);
  const fd = libc.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || libc.bind(fd, address, address.length) < 0 || libc.listen(fd, 16) < 0) {
    const reason = errnoText(errno());
    if (fd >= 0) libc.close(fd);
    throw new Error(`cannot listen on ${path}: ${reason}`);
  }
  Deno.chmodSync(path, 0o666);
  return fd;
}

/** The process at the other end (unix(7), SO_PEERCRED). */
function peerPid(fd: number): number {
  const credentials = new Int32Array(3);
  const length = new Uint32Array([12]);
  const bytes = new Uint8Array(credentials.buffer);
  libc.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, bytes, new Uint8Array(length.buffer));
  return credentials[0];
}

function removeSocket(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
