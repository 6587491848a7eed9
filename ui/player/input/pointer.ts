/**
 * Mouse and pen on the picture: absolute positions, or relative movement under pointer lock.
 * Touch has its own file.
 */
import { evdevMouseButtons } from "../../../src/protocol/keycodes.ts";
import { onPicture, pictureRect, type Rect, wheelDetents } from "./picture.ts";
import type { InputSender } from "./sender.ts";

export interface PointerCapture {
  /** The game wants relative movement, or no longer. */
  setWanted(locked: boolean): void;
  readonly locked: boolean;
  stop(): void;
}

/** Movement of all the movements the browser merged into one event. */
export function mergedMovement(event: PointerEvent): { dx: number; dy: number } {
  const merged = event.getCoalescedEvents?.() ?? [];
  if (merged.length < 2) return { dx: event.movementX, dy: event.movementY };
  let dx = 0;
  let dy = 0;
  for (const part of merged) {
    dx += part.movementX;
    dy += part.movementY;
  }
  return { dx, dy };
}

/**
 * Listens on `video`. `onLock` tells when the lock is wanted but not held: the player is asked to
 * click.
 */
export function capturePointer(
  video: HTMLVideoElement,
  sender: InputSender,
  onLock: (state: "free" | "wanted" | "locked") => void,
): PointerCapture {
  let wanted = false;
  let picture: Rect | undefined;
  const held = new Set<number>();
  const isLocked = () => document.pointerLockElement === video;

  // Measured once and forgotten on any change of size: layout is not asked in the hot path.
  const forgetPicture = () => picture = undefined;
  const currentPicture = () =>
    picture ??= pictureRect(video.getBoundingClientRect(), {
      width: video.videoWidth,
      height: video.videoHeight,
    });
  const observer = new ResizeObserver(forgetPicture);
  observer.observe(video);

  const position = (event: MouseEvent) => {
    const { x, y } = onPicture(currentPicture(), event.clientX, event.clientY);
    sender.send({ kind: "pointer-absolute", timeMs: event.timeStamp, x, y });
  };
  const move = (event: Event) => {
    if (!(event instanceof PointerEvent) || event.pointerType === "touch") return;
    if (!isLocked()) return position(event);
    const { dx, dy } = mergedMovement(event);
    if (dx !== 0 || dy !== 0) {
      sender.send({ kind: "pointer-relative", timeMs: event.timeStamp, dx, dy });
    }
  };
  const down = (event: MouseEvent) => {
    const code = evdevMouseButtons[event.button];
    if (code === undefined || !sender.active) return;
    event.preventDefault();
    if (wanted && !isLocked()) lock();
    // The position first: the moves before it may have been lost.
    if (!isLocked()) position(event);
    held.add(event.button);
    sender.send({ kind: "button", timeMs: event.timeStamp, code, down: true });
  };
  const up = (event: MouseEvent) => {
    if (!held.delete(event.button)) return;
    event.preventDefault();
    if (!isLocked()) position(event);
    const code = evdevMouseButtons[event.button];
    sender.send({ kind: "button", timeMs: event.timeStamp, code, down: false });
  };
  const wheel = (event: WheelEvent) => {
    if (!sender.active) return;
    event.preventDefault();
    sender.send({
      kind: "wheel",
      timeMs: event.timeStamp,
      dx: wheelDetents(event.deltaX, event.deltaMode),
      dy: wheelDetents(event.deltaY, event.deltaMode),
    });
  };
  const swallow = (event: Event) => event.preventDefault();

  const lock = async () => {
    try {
      // Raw movement where the system offers it; some refuse the option, not the lock.
      await (video.requestPointerLock as LockRequest).call(video, { unadjustedMovement: true });
    } catch {
      await (video.requestPointerLock as LockRequest).call(video)?.catch(() => {});
    }
  };
  const lockChanged = () => onLock(isLocked() ? "locked" : wanted ? "wanted" : "free");

  // Raw updates come before the frame they would be merged into (secure pages of Chromium).
  const moveEvent = "onpointerrawupdate" in video ? "pointerrawupdate" : "pointermove";
  const listeners: [EventTarget, string, (event: never) => void][] = [
    [video, moveEvent, move],
    [video, "mousedown", down],
    [globalThis, "mouseup", up],
    [video, "wheel", wheel],
    [video, "contextmenu", swallow],
    [video, "dragstart", swallow],
    [video, "resize", forgetPicture],
    [globalThis, "resize", forgetPicture],
    [globalThis, "scroll", forgetPicture],
    [document, "pointerlockchange", lockChanged],
    [document, "fullscreenchange", forgetPicture],
  ];
  for (const [target, type, listener] of listeners) {
    target.addEventListener(type, listener as EventListener, { passive: false });
  }
  return {
    get locked() {
      return isLocked();
    },
    setWanted(locked) {
      wanted = locked;
      if (!locked && isLocked()) document.exitPointerLock();
      // Works where the player just clicked or pressed a key; otherwise the next click does it.
      if (locked && !isLocked() && navigator.userActivation?.isActive) lock();
      lockChanged();
    },
    stop() {
      observer.disconnect();
      for (const [target, type, listener] of listeners) {
        target.removeEventListener(type, listener as EventListener);
      }
      if (isLocked()) document.exitPointerLock();
    },
  };
}

type LockRequest = (options?: { unadjustedMovement: boolean }) => Promise<void> | undefined;
