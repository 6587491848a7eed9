import {
  ATOM_ATOM,
  ATOM_CARDINAL,
  ATOM_WINDOW,
  ATOM_WM_HINTS,
  ATOM_WM_NORMAL_HINTS,
  CLIENT_MESSAGE,
  CONFIG_BORDER_WIDTH,
  CONFIG_HEIGHT,
  CONFIG_STACK_MODE,
  CONFIG_WIDTH,
  CONFIG_X,
  CONFIG_Y,
  CONFIGURE_NOTIFY,
  CONFIGURE_REQUEST,
  CW_EVENT_MASK,
  DESTROY_NOTIFY,
  EVENT_MASK_PROPERTY_CHANGE,
  EVENT_MASK_STRUCTURE_NOTIFY,
  EVENT_MASK_SUBSTRUCTURE_NOTIFY,
  EVENT_MASK_SUBSTRUCTURE_REDIRECT,
  MAP_NOTIFY,
  MAP_REQUEST,
  PROPERTY_NOTIFY,
  REVERT_TO_POINTER_ROOT,
  STACK_MODE_ABOVE,
  UNMAP_NOTIFY,
} from "../../../ffi/libxcb.ts";
import { XConnection, XConnectionError } from "../x11/connection.ts";
import { announceManager, describeScreen } from "./announcement.ts";
import { type Atoms, managerAtoms } from "./atoms.ts";
import { desktopView, type ShownDesktop } from "./desktop_view.ts";
import {
  type ManagedWindow,
  noteSizeWish,
  readFocusHint,
  readProtocols,
  readWindow,
} from "./managed_window.ts";
import { OverrideWindows } from "./override_windows.ts";
import { ScreenRedraw } from "./screen_redraw.ts";
import { parseSizeHints, place } from "./size_hints.ts";
import { ViewReport } from "./view_report.ts";

const POINTER_ROOT = 1;
const CURRENT_TIME = 0;
/** How soon is looked again where something is to be done later, ms. */
const STEP_MS = 30;
/** WM_STATE's NormalState (ICCCM 4.1.3.1). */
const NORMAL_STATE = 1;

export interface WindowManagerEvents {
  /** The first window is shown; called once. */
  onMapped?: () => void;
  /** Another part of the screen is to be shown, or the screen must have another size. */
  onView?: (view: ShownDesktop) => void;
}

/**
 * A window manager for a screen that shows one game (ICCCM 2.0, EWMH 1.5). The newest window is on
 * top, has the focus and fills the screen, or is centred where its size is fixed or it is a dialog.
 * Menus and other override-redirect windows are left alone. A game with a size of its own is to be
 * scaled by whoever shows the screen; `onView` tells where it is.
 */
export class WindowManager {
  readonly #atoms: Atoms;
  /** Lowest first. */
  readonly #windows: ManagedWindow[] = [];
  #screen: { width: number; height: number };
  #mapped = false;
  readonly #overrideWindows: OverrideWindows;
  readonly #screenRedraw: ScreenRedraw;
  readonly #viewReport: ViewReport;

  /** Throws {@linkcode XConnectionError} where another window manager runs. */
  constructor(readonly connection: XConnection, readonly events: WindowManagerEvents = {}) {
    const { handle, root, screen, xcb } = connection;
    this.#screen = { width: screen.width, height: screen.height };
    this.#atoms = managerAtoms(connection);
    this.#overrideWindows = new OverrideWindows(connection);
    this.#screenRedraw = new ScreenRedraw(connection);
    this.#viewReport = new ViewReport((view) => events.onView?.(view));
    const mask = EVENT_MASK_SUBSTRUCTURE_REDIRECT | EVENT_MASK_SUBSTRUCTURE_NOTIFY |
      EVENT_MASK_STRUCTURE_NOTIFY;
    const select = xcb.xcb_change_window_attributes_checked(
      handle,
      root,
      CW_EVENT_MASK,
      words(mask),
    );
    if (connection.errorOf(select)) {
      throw new XConnectionError(`another window manager runs on ${connection.display}`);
    }
    announceManager(connection, this.#atoms);
    describeScreen(connection, this.#atoms, this.#screen);
    for (const id of this.#children()) this.#adopt(id);
    this.#focusTop();
    this.#tellView();
    connection.flush();
  }

  /** Titles are the compositor's business; this is for tests: the windows, topmost last. */
  get windows(): readonly number[] {
    return this.#windows.map(({ id }) => id);
  }

  /** Handles the events that have come. Throws {@linkcode XConnectionError} once the server is gone. */
  dispatch(): void {
    const { connection } = this;
    for (let event = connection.nextEvent(); event; event = connection.nextEvent()) {
      this.#handle(event);
    }
    this.#tellView();
    this.#screenRedraw.step();
    connection.flush();
    connection.check();
  }

  /** For so long nothing is to be dispatched where no event comes, in ms; -1: for ever. */
  get idleMs(): number {
    return this.#viewReport.pending || this.#screenRedraw.pending ? STEP_MS : -1;
  }

  /** Asks every window to close; one that does not know how loses its connection. */
  requestClose(): void {
    for (const window of [...this.#windows].reverse()) this.#close(window);
    this.connection.flush();
  }

  #tellView(): void {
    const { areas } = this.#overrideWindows;
    this.#viewReport.step(() => desktopView(this.#windows, areas, this.#screen));
  }

  #handle(event: Uint8Array): void {
    this.#overrideWindows.handle(event);
    const view = new DataView(event.buffer, event.byteOffset);
    const word = (offset: number) => view.getUint32(offset, true);
    switch (event[0] & 127) {
      case MAP_REQUEST:
        this.#map(word(8));
        break;
      case CONFIGURE_REQUEST:
        this.#configureRequested(view);
        break;
      case MAP_NOTIFY:
        this.#shown();
        break;
      case UNMAP_NOTIFY:
      case DESTROY_NOTIFY:
        this.#forget(word(8));
        break;
      case CONFIGURE_NOTIFY:
        if (word(8) !== this.connection.root) return;
        this.#screen = { width: view.getUint16(20, true), height: view.getUint16(22, true) };
        describeScreen(this.connection, this.#atoms, this.#screen);
        for (const window of this.#windows) this.#arrange(window);
        if (this.#mapped) this.#screenRedraw.start();
        break;
      case PROPERTY_NOTIFY:
        this.#propertyChanged(word(4), word(8));
        break;
      case CLIENT_MESSAGE:
        this.#message(word(4), word(8), [12, 16, 20].map(word));
        break;
    }
  }

  /** Also of windows that are left alone: an override-redirect game is a game. */
  #shown(): void {
    if (this.#mapped) return;
    this.#mapped = true;
    this.events.onMapped?.();
  }

  #children(): number[] {
    const { handle, root, xcb } = this.connection;
    const reply = this.connection.reply(xcb.xcb_query_tree(handle, root));
    if (!reply) return [];
    return [...new Uint32Array(reply.buffer, 32, new DataView(reply.buffer).getUint16(16, true))];
  }

  /** Manages a window that was mapped before this window manager came. */
  #adopt(id: number): void {
    const { handle, xcb } = this.connection;
    const attributes = this.connection.reply(xcb.xcb_get_window_attributes(handle, id));
    if (!attributes) return;
    const viewable = attributes[26] === 2;
    const overrideRedirect = attributes[27] === 1;
    if (viewable) this.#shown();
    if (!viewable) return;
    if (overrideRedirect) this.#overrideWindows.add(id);
    else this.#map(id);
  }

  #map(id: number): void {
    const { connection } = this;
    const { handle, xcb } = connection;
    const known = this.#find(id);
    const window = known ?? readWindow(connection, this.#atoms, id);
    if (!window) return;
    if (!known) {
      this.#windows.push(window);
      xcb.xcb_change_window_attributes(
        handle,
        id,
        CW_EVENT_MASK,
        words(EVENT_MASK_PROPERTY_CHANGE),
      );
    }
    this.#arrange(window);
    connection.setProperty32(id, this.#atoms._NET_FRAME_EXTENTS, ATOM_CARDINAL, [0, 0, 0, 0]);
    connection.setProperty32(id, this.#atoms.WM_STATE, this.#atoms.WM_STATE, [NORMAL_STATE, 0]);
    xcb.xcb_map_window(handle, id);
    this.#raise(window);
  }

  #find(id: number): ManagedWindow | undefined {
    return this.#windows.find((window) => window.id === id);
  }

  /** Puts a window where it belongs and tells it so, also where nothing changes (ICCCM 4.1.5). */
  #arrange(window: ManagedWindow): void {
    const placement = place(window, this.#screen);
    const { x, y, width, height } = placement;
    const { handle, xcb } = this.connection;
    const mask = CONFIG_X | CONFIG_Y | CONFIG_WIDTH | CONFIG_HEIGHT | CONFIG_BORDER_WIDTH;
    xcb.xcb_configure_window(handle, window.id, mask, words(x, y, width, height, 0));
    window.placement = placement;
    const notify = new Uint8Array(32);
    const view = new DataView(notify.buffer);
    notify[0] = CONFIGURE_NOTIFY;
    view.setUint32(4, window.id, true);
    view.setUint32(8, window.id, true);
    view.setInt16(16, x, true);
    view.setInt16(18, y, true);
    view.setUint16(20, width, true);
    view.setUint16(22, height, true);
    xcb.xcb_send_event(handle, 0, window.id, EVENT_MASK_STRUCTURE_NOTIFY, notify);
    this.#describeState(window);
  }

  #describeState(window: ManagedWindow): void {
    const atoms = this.#atoms;
    const { width, height } = window.placement ?? { width: 0, height: 0 };
    const fills = width === this.#screen.width && height === this.#screen.height;
    const state: number[] = [];
    if (window.fullscreen) state.push(atoms._NET_WM_STATE_FULLSCREEN);
    else if (fills) {
      state.push(atoms._NET_WM_STATE_MAXIMIZED_VERT, atoms._NET_WM_STATE_MAXIMIZED_HORZ);
    }
    if (window === this.#windows.at(-1)) state.push(atoms._NET_WM_STATE_FOCUSED);
    this.connection.setProperty32(window.id, atoms._NET_WM_STATE, ATOM_ATOM, state);
  }

  #raise(window: ManagedWindow): void {
    const before = this.#windows.at(-1);
    this.#windows.splice(this.#windows.indexOf(window), 1);
    this.#windows.push(window);
    const { handle, xcb } = this.connection;
    xcb.xcb_configure_window(handle, window.id, CONFIG_STACK_MODE, words(STACK_MODE_ABOVE));
    if (before && before !== window) this.#describeState(before);
    this.#focusTop();
  }

  #focusTop(): void {
    const { connection } = this;
    const { handle, root, xcb } = connection;
    const top = this.#windows.at(-1);
    const { _NET_ACTIVE_WINDOW, _NET_CLIENT_LIST, WM_TAKE_FOCUS } = this.#atoms;
    connection.setProperty32(root, _NET_CLIENT_LIST, ATOM_WINDOW, [...this.windows]);
    connection.setProperty32(root, _NET_ACTIVE_WINDOW, ATOM_WINDOW, [top?.id ?? 0]);
    if (!top) {
      // Keys go to whatever is under the pointer, such as a menu or an unmanaged game window.
      xcb.xcb_set_input_focus(handle, REVERT_TO_POINTER_ROOT, POINTER_ROOT, CURRENT_TIME);
      return;
    }
    if (top.acceptsFocus) {
      xcb.xcb_set_input_focus(handle, REVERT_TO_POINTER_ROOT, top.id, CURRENT_TIME);
    }
    if (top.takesFocus) this.#sendProtocol(top.id, WM_TAKE_FOCUS);
    this.#describeState(top);
  }

  #forget(id: number): void {
    const index = this.#windows.findIndex((window) => window.id === id);
    if (index < 0) return;
    this.#windows.splice(index, 1);
    this.#focusTop();
  }

  /** A window wants another size: granted before it is shown, else only as its placement allows. */
  #configureRequested(view: DataView): void {
    const id = view.getUint32(8, true);
    const mask = view.getUint16(26, true);
    const window = this.#find(id);
    if (window) {
      const width = mask & CONFIG_WIDTH ? view.getUint16(20, true) : window.width;
      const height = mask & CONFIG_HEIGHT ? view.getUint16(22, true) : window.height;
      if (mask & (CONFIG_WIDTH | CONFIG_HEIGHT)) noteSizeWish(window, width, height);
      this.#arrange(window);
      return;
    }
    const values: number[] = [];
    if (mask & CONFIG_X) values.push(view.getInt16(16, true));
    if (mask & CONFIG_Y) values.push(view.getInt16(18, true));
    if (mask & CONFIG_WIDTH) values.push(view.getUint16(20, true));
    if (mask & CONFIG_HEIGHT) values.push(view.getUint16(22, true));
    if (mask & CONFIG_BORDER_WIDTH) values.push(view.getUint16(24, true));
    const granted = mask &
      (CONFIG_X | CONFIG_Y | CONFIG_WIDTH | CONFIG_HEIGHT | CONFIG_BORDER_WIDTH);
    const { handle, xcb } = this.connection;
    xcb.xcb_configure_window(handle, id, granted, words(...values));
  }

  #propertyChanged(id: number, property: number): void {
    const window = this.#find(id);
    if (!window) return;
    if (property === ATOM_WM_NORMAL_HINTS) {
      window.hints = parseSizeHints(this.connection.property(id, property).data);
      this.#arrange(window);
    } else if (property === this.#atoms.WM_PROTOCOLS) {
      readProtocols(this.connection, this.#atoms, window);
    } else if (property === ATOM_WM_HINTS) {
      readFocusHint(this.connection, window);
    }
  }

  #message(id: number, type: number, data: number[]): void {
    const atoms = this.#atoms;
    if (type === atoms._NET_REQUEST_FRAME_EXTENTS) {
      this.connection.setProperty32(id, atoms._NET_FRAME_EXTENTS, ATOM_CARDINAL, [0, 0, 0, 0]);
    }
    const window = this.#find(id);
    if (!window) return;
    if (type === atoms._NET_ACTIVE_WINDOW) this.#raise(window);
    else if (type === atoms._NET_CLOSE_WINDOW) this.#close(window);
    else if (type === atoms._NET_WM_STATE) {
      const [action, ...properties] = data;
      if (!properties.includes(atoms._NET_WM_STATE_FULLSCREEN)) return;
      // 0 removes, 1 adds, 2 toggles (EWMH, _NET_WM_STATE).
      window.fullscreen = action === 2 ? !window.fullscreen : action === 1;
      this.#arrange(window);
    }
  }

  #close(window: ManagedWindow): void {
    const { handle, xcb } = this.connection;
    if (window.deletable) this.#sendProtocol(window.id, this.#atoms.WM_DELETE_WINDOW);
    else xcb.xcb_kill_client(handle, window.id);
  }

  #sendProtocol(id: number, protocol: number): void {
    const message = new Uint8Array(32);
    const view = new DataView(message.buffer);
    message[0] = CLIENT_MESSAGE;
    message[1] = 32;
    view.setUint32(4, id, true);
    view.setUint32(8, this.#atoms.WM_PROTOCOLS, true);
    view.setUint32(12, protocol, true);
    view.setUint32(16, CURRENT_TIME, true);
    const { handle, xcb } = this.connection;
    xcb.xcb_send_event(handle, 0, id, 0, message);
  }
}

/** 32-bit values as X requests take them; negative ones in two's complement. */
function words(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int32Array.from(values, (value) => value | 0).buffer);
}
