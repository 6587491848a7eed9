/**
 * One loop that reads the gamepads, for whoever is in front: the game, or the pages. It runs only
 * while a pad is connected (browsers have no events for buttons).
 */
import { signal } from "@preact/signals";
import type { PadReading } from "./mapping.ts";

export interface PadConsumer {
  /** Each animation frame, while a pad is connected. */
  onPads(pads: PadReading[], now: number): void;
  /** Another consumer came in front: let go of everything. */
  onCovered?(): void;
}

const consumers: PadConsumer[] = [];
let running = false;

/** Pads connected now, for showing. */
export const connectedPads = signal<{ index: number; id: string; rumble: boolean }[]>([]);

/** The browser's pads; an empty list on pages where the browser gives none (plain HTTP in a LAN). */
export function readGamepads(): Gamepad[] {
  const pads: Gamepad[] = [];
  try {
    for (const pad of navigator.getGamepads?.() ?? []) if (pad?.connected) pads.push(pad);
  } catch {
    // Refused by a permissions policy: the same as none.
  }
  return pads;
}

/** Puts a consumer in front of the others; the answer takes it away. */
export function consumePads(consumer: PadConsumer): () => void {
  consumers.at(-1)?.onCovered?.();
  consumers.push(consumer);
  start();
  return () => {
    const at = consumers.indexOf(consumer);
    if (at >= 0) consumers.splice(at, 1);
  };
}

function start(): void {
  if (running || readGamepads().length === 0) return;
  running = true;
  requestAnimationFrame(poll);
}

function poll(now: number): void {
  const pads = readGamepads();
  showConnected(pads);
  consumers.at(-1)?.onPads(pads, now);
  // One more round with no pads tells the consumer that the last one went.
  running = pads.length > 0;
  if (running) requestAnimationFrame(poll);
}

function showConnected(pads: Gamepad[]): void {
  const shown = connectedPads.peek();
  const same = shown.length === pads.length &&
    shown.every((pad, i) => pad.index === pads[i].index && pad.id === pads[i].id);
  if (same) return;
  connectedPads.value = pads.map((pad) => ({
    index: pad.index,
    id: pad.id,
    rumble: Boolean(pad.vibrationActuator),
  }));
}

/** Starts to look for pads; call once. */
export function watchPads(): void {
  addEventListener("gamepadconnected", start);
  addEventListener("gamepaddisconnected", start);
  start();
}
