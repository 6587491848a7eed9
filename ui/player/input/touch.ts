/**
 * Fingers on the picture: handed to the game as touches, or turned into a mouse (the finger is the
 * pointer) or a trackpad (it moves the pointer, a tap clicks, two fingers scroll or click right).
 */
import { onPicture, pictureRect } from "./picture.ts";
import { evdevMouseButtons } from "../../../src/protocol/keycodes.ts";
import type { InputSender } from "./sender.ts";

export type TouchMode = "touch" | "mouse" | "trackpad";

const MAX_TOUCHES = 32;
/** A finger that leaves this soon and this near was a tap. */
const TAP_MS = 250;
const TAP_PX = 12;

/** Gives each finger a small number that stays while it is down. */
export class TouchSlots {
  #slots = new Map<number, number>();

  /** The finger's slot, a new one where it has none; undefined when all 32 are taken. */
  take(identifier: number): number | undefined {
    const known = this.#slots.get(identifier);
    if (known !== undefined) return known;
    const used = new Set(this.#slots.values());
    for (let slot = 0; slot < MAX_TOUCHES; slot++) {
      if (used.has(slot)) continue;
      this.#slots.set(identifier, slot);
      return slot;
    }
    return undefined;
  }

  has(identifier: number): boolean {
    return this.#slots.has(identifier);
  }

  release(identifier: number): void {
    this.#slots.delete(identifier);
  }

  get size(): number {
    return this.#slots.size;
  }
}

interface Gesture {
  startedAt: number;
  startX: number;
  startY: number;
  lastX: number;
  lastY: number;
  /** Most fingers at once. */
  fingers: number;
  moved: boolean;
}

/** Listens on `video`; `mode` is asked at each touch. The answer stops it. */
export function captureTouch(
  video: HTMLVideoElement,
  sender: InputSender,
  mode: () => TouchMode,
): () => void {
  const slots = new TouchSlots();
  let gesture: Gesture | undefined;

  const position = (touch: Touch) =>
    onPicture(
      pictureRect(video.getBoundingClientRect(), {
        width: video.videoWidth,
        height: video.videoHeight,
      }),
      touch.clientX,
      touch.clientY,
    );
  const button = (timeMs: number, button: number, down: boolean) =>
    sender.send({ kind: "button", timeMs, code: evdevMouseButtons[button], down });
  const click = (timeMs: number, which: number) => {
    button(timeMs, which, true);
    // Games that look at the mouse once a frame would miss a shorter click.
    setTimeout(() => button(performance.now(), which, false), 40);
  };

  const passOn = (event: TouchEvent, phase: "down" | "move" | "up" | "cancel") => {
    for (const touch of event.changedTouches) {
      const id = slots.take(touch.identifier);
      if (id === undefined) continue;
      sender.send({ kind: "touch", timeMs: event.timeStamp, id, phase, ...position(touch) });
      if (phase === "up" || phase === "cancel") slots.release(touch.identifier);
    }
  };
  const asMouse = (event: TouchEvent, phase: "down" | "move" | "up" | "cancel") => {
    const touch = event.changedTouches[0];
    const first = slots.size === 0 || slots.has(touch.identifier);
    if (!first) {
      // A second finger is the right button.
      if (phase === "down") click(event.timeStamp, 2);
      return;
    }
    slots.take(touch.identifier);
    const timeMs = event.timeStamp;
    if (phase !== "cancel") sender.send({ kind: "pointer-absolute", timeMs, ...position(touch) });
    if (phase === "move") return;
    if (phase !== "down") slots.release(touch.identifier);
    button(timeMs, 0, phase === "down");
  };
  const asTrackpad = (event: TouchEvent, phase: "down" | "move" | "up" | "cancel") => {
    const touch = event.touches[0] ?? event.changedTouches[0];
    const { clientX: x, clientY: y } = touch;
    const timeMs = event.timeStamp;
    if (phase === "down") {
      gesture ??= {
        startedAt: timeMs,
        startX: x,
        startY: y,
        lastX: x,
        lastY: y,
        fingers: 0,
        moved: false,
      };
      gesture.fingers = Math.max(gesture.fingers, event.touches.length);
      return;
    }
    if (!gesture) return;
    if (phase === "move") {
      const dx = x - gesture.lastX;
      const dy = y - gesture.lastY;
      gesture.lastX = x;
      gesture.lastY = y;
      gesture.moved ||= Math.hypot(x - gesture.startX, y - gesture.startY) > TAP_PX;
      if (!gesture.moved) return;
      if (gesture.fingers > 1) sender.send({ kind: "wheel", timeMs, dx: -dx * 4, dy: -dy * 4 });
      else sender.send({ kind: "pointer-relative", timeMs, dx: dx * 1.6, dy: dy * 1.6 });
      return;
    }
    if (event.touches.length > 0) return;
    const tapped = phase === "up" && !gesture.moved && timeMs - gesture.startedAt < TAP_MS;
    if (tapped) click(timeMs, gesture.fingers > 1 ? 2 : 0);
    gesture = undefined;
  };

  const handle = (phase: "down" | "move" | "up" | "cancel") => (event: TouchEvent) => {
    if (!sender.active) return;
    // Also keeps the browser from making mouse events of it.
    event.preventDefault();
    const as = mode();
    if (as === "touch") passOn(event, phase);
    else if (as === "mouse") asMouse(event, phase);
    else asTrackpad(event, phase);
  };
  const listeners: [string, (event: TouchEvent) => void][] = [
    ["touchstart", handle("down")],
    ["touchmove", handle("move")],
    ["touchend", handle("up")],
    ["touchcancel", handle("cancel")],
  ];
  for (const [type, listener] of listeners) {
    video.addEventListener(type, listener as EventListener, { passive: false });
  }
  return () => {
    for (const [type, listener] of listeners) {
      video.removeEventListener(type, listener as EventListener);
    }
  };
}
