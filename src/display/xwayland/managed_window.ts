import { ATOM_WM_HINTS, ATOM_WM_NORMAL_HINTS, ATOM_WM_TRANSIENT_FOR } from "../../../ffi/libxcb.ts";
import type { XConnection } from "../x11/connection.ts";
import type { Atoms } from "./atoms.ts";
import { parseSizeHints, type Placement, type SizeHints } from "./size_hints.ts";

/** InputHint of WM_HINTS' flags. */
const INPUT_HINT = 1;

/** A top-level window and what it says of itself (ICCCM 4.1, EWMH). */
export interface ManagedWindow {
  id: number;
  fullscreen: boolean;
  dialog: boolean;
  hints: SizeHints;
  /** The size it asked for last. */
  width: number;
  height: number;
  acceptsFocus: boolean;
  takesFocus: boolean;
  deletable: boolean;
  /** Where it is now. */
  placement: Placement | undefined;
}

/** What a new window says of itself; undefined where it is gone already. */
export function readWindow(
  connection: XConnection,
  atoms: Atoms,
  id: number,
): ManagedWindow | undefined {
  const geometry = connection.reply(connection.xcb.xcb_get_geometry(connection.handle, id));
  if (!geometry) return undefined;
  const view = new DataView(geometry.buffer);
  const types = atomList(connection, id, atoms._NET_WM_WINDOW_TYPE);
  const dialogTypes = [
    atoms._NET_WM_WINDOW_TYPE_DIALOG,
    atoms._NET_WM_WINDOW_TYPE_SPLASH,
    atoms._NET_WM_WINDOW_TYPE_UTILITY,
  ];
  const window: ManagedWindow = {
    id,
    fullscreen: atomList(connection, id, atoms._NET_WM_STATE).includes(
      atoms._NET_WM_STATE_FULLSCREEN,
    ),
    dialog: connection.property(id, ATOM_WM_TRANSIENT_FOR).data.length >= 4 ||
      types.some((type) => dialogTypes.includes(type)),
    hints: parseSizeHints(connection.property(id, ATOM_WM_NORMAL_HINTS).data),
    width: view.getUint16(16, true),
    height: view.getUint16(18, true),
    acceptsFocus: true,
    takesFocus: false,
    deletable: false,
    placement: undefined,
  };
  readFocusHint(connection, window);
  readProtocols(connection, atoms, window);
  return window;
}

/** Reads WM_HINTS again. */
export function readFocusHint(connection: XConnection, window: ManagedWindow): void {
  const { data } = connection.property(window.id, ATOM_WM_HINTS);
  if (data.length < 8) return;
  const hints = new DataView(data.buffer);
  const given = hints.getUint32(0, true) & INPUT_HINT;
  window.acceptsFocus = !given || hints.getUint32(4, true) !== 0;
}

/** Reads WM_PROTOCOLS again. */
export function readProtocols(connection: XConnection, atoms: Atoms, window: ManagedWindow): void {
  const { WM_DELETE_WINDOW, WM_PROTOCOLS, WM_TAKE_FOCUS } = atoms;
  const protocols = atomList(connection, window.id, WM_PROTOCOLS);
  window.takesFocus = protocols.includes(WM_TAKE_FOCUS);
  window.deletable = protocols.includes(WM_DELETE_WINDOW);
}

function atomList(connection: XConnection, window: number, property: number): number[] {
  const { data, format } = connection.property(window, property);
  return format === 32 ? [...new Uint32Array(data.buffer, 0, data.length >> 2)] : [];
}
