/** The game's cursor, drawn by the browser: it moves without waiting for a picture. */
import type { ControlToViewer } from "../../src/protocol/control.ts";

export type CursorMessage = Extract<ControlToViewer, { type: "cursor" }>;

/** CSS cursor keywords (CSS Basic User Interface 4, 6.1) that a game may name. */
const NAMES = new Set(
  ("default context-menu help pointer progress wait cell crosshair text vertical-text alias copy " +
    "move no-drop not-allowed grab grabbing e-resize n-resize ne-resize nw-resize s-resize " +
    "se-resize sw-resize w-resize ew-resize ns-resize nesw-resize nwse-resize col-resize " +
    "row-resize all-scroll zoom-in zoom-out").split(" "),
);

/** Largest cursor that browsers draw. */
const MAX_HOTSPOT = 127;

/** The CSS `cursor` value; nothing of the session gets into it unchecked. */
export function cursorStyle(message: Omit<CursorMessage, "type">): string {
  const { image, name } = message;
  if (image !== undefined && /^data:image\/png;base64,[A-Za-z0-9+/=]+$/.test(image)) {
    const hot = (value: number) => Math.min(MAX_HOTSPOT, Math.max(0, Math.round(value) || 0));
    return `url("${image}") ${hot(message.hotspotX)} ${hot(message.hotspotY)}, default`;
  }
  if (name !== undefined) return NAMES.has(name) ? name : "default";
  return image === undefined ? "none" : "default";
}
