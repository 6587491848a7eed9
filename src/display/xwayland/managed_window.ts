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
  /** Where it does not take the size it is given: the one it has instead. */
  insistsOn: { width: number; height: number } | undefined;
  /** How often in a row it asked for its size although it was given another. */
  refusals: number;
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
    insistsOn: undefined,
    refusals: 0,
    acceptsFocus: true,
    takesFocus: false,
    deletable: false,
    placement: undefined,
  };
  readFocusHint(connection, window);
  readProtocols(connection, atoms, window);
  return window;
}

/** After so many a size is not a wish any more. */
const MAX_REFUSALS = 3;

/**
 * Notes that a window asks for a size. One that keeps asking for the same although it was given the
 * screen's cannot draw in any other, and is left with it.
 */
export function noteSizeWish(window: ManagedWindow, width: number, height: number): void {
  const { placement } = window;
  const given = placement?.width === width && placement.height === height;
  const again = window.width === width && window.height === height;
  window.width = width;
  window.height = height;
  window.refusals = given ? 0 : again ? window.refusals + 1 : 1;
  if (window.insistsOn || window.refusals >= MAX_REFUSALS) window.insistsOn = { width, height };
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
