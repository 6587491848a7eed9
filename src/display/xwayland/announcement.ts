import { ATOM_ATOM, ATOM_CARDINAL, ATOM_WINDOW, INPUT_ONLY } from "../../../ffi/libxcb.ts";
import type { XConnection } from "../x11/connection.ts";
import { ATOM_NAMES, type Atoms } from "./atoms.ts";

const CURRENT_TIME = 0;

/** Tells clients that a window manager is here and what it can do (ICCCM 2.8, EWMH). */
export function announceManager(connection: XConnection, atoms: Atoms): void {
  const { handle, root, xcb } = connection;
  const own = connection.generateId();
  xcb.xcb_create_window(
    handle,
    0,
    own,
    root,
    -1,
    -1,
    1,
    1,
    0,
    INPUT_ONLY,
    0,
    0,
    new Uint8Array(),
  );
  xcb.xcb_set_selection_owner(handle, own, atoms.WM_S0, CURRENT_TIME);
  for (const window of [own, root]) {
    connection.setProperty32(window, atoms._NET_SUPPORTING_WM_CHECK, ATOM_WINDOW, [own]);
  }
  const name = new TextEncoder().encode("Gamelan");
  connection.setProperty8(own, atoms._NET_WM_NAME, atoms.UTF8_STRING, name);
  const supported = ATOM_NAMES.filter((atom) => atom.startsWith("_NET_"));
  connection.setProperty32(
    root,
    atoms._NET_SUPPORTED,
    ATOM_ATOM,
    supported.map((atom) => atoms[atom]),
  );
  connection.setProperty32(root, atoms._NET_NUMBER_OF_DESKTOPS, ATOM_CARDINAL, [1]);
  connection.setProperty32(root, atoms._NET_CURRENT_DESKTOP, ATOM_CARDINAL, [0]);
}

/** Tells clients the size of the screen, all of which is theirs (EWMH). */
export function describeScreen(
  connection: XConnection,
  atoms: Atoms,
  { width, height }: { width: number; height: number },
): void {
  const { _NET_DESKTOP_GEOMETRY, _NET_WORKAREA } = atoms;
  connection.setProperty32(connection.root, _NET_DESKTOP_GEOMETRY, ATOM_CARDINAL, [width, height]);
  connection.setProperty32(connection.root, _NET_WORKAREA, ATOM_CARDINAL, [0, 0, width, height]);
}
