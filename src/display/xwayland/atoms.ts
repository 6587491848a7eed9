import type { XConnection } from "../x11/connection.ts";

/** Atoms of ICCCM and EWMH that the window manager uses. */
export const ATOM_NAMES = [
  "WM_S0",
  "WM_STATE",
  "WM_PROTOCOLS",
  "WM_DELETE_WINDOW",
  "WM_TAKE_FOCUS",
  "UTF8_STRING",
  "_NET_SUPPORTED",
  "_NET_SUPPORTING_WM_CHECK",
  "_NET_WM_NAME",
  "_NET_ACTIVE_WINDOW",
  "_NET_CLIENT_LIST",
  "_NET_CLOSE_WINDOW",
  "_NET_CURRENT_DESKTOP",
  "_NET_NUMBER_OF_DESKTOPS",
  "_NET_DESKTOP_GEOMETRY",
  "_NET_WORKAREA",
  "_NET_FRAME_EXTENTS",
  "_NET_REQUEST_FRAME_EXTENTS",
  "_NET_WM_STATE",
  "_NET_WM_STATE_FULLSCREEN",
  "_NET_WM_STATE_MAXIMIZED_VERT",
  "_NET_WM_STATE_MAXIMIZED_HORZ",
  "_NET_WM_STATE_FOCUSED",
  "_NET_WM_WINDOW_TYPE",
  "_NET_WM_WINDOW_TYPE_DIALOG",
  "_NET_WM_WINDOW_TYPE_SPLASH",
  "_NET_WM_WINDOW_TYPE_UTILITY",
] as const;
export type AtomName = typeof ATOM_NAMES[number];

export type Atoms = Record<AtomName, number>;

/** Asks the server for all of them in one round trip. */
export function managerAtoms(connection: XConnection): Atoms {
  const values = connection.atoms([...ATOM_NAMES]);
  return Object.fromEntries(ATOM_NAMES.map((name, i) => [name, values[i]])) as Atoms;
}
