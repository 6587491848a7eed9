import {
  erasedEffect,
  EV_FF,
  EV_UINPUT,
  type EventTriple,
  FF_GAIN,
  FF_RUMBLE,
  readInputEvents,
  type RumbleEffect,
  setFfResult,
  UI_BEGIN_FF_ERASE,
  UI_BEGIN_FF_UPLOAD,
  UI_END_FF_ERASE,
  UI_END_FF_UPLOAD,
  UI_FF_ERASE,
  UI_FF_UPLOAD,
  uinputFfErase,
  uinputFfUpload,
  uploadedEffect,
} from "../../ffi/uinput.ts";
import type { UinputFile } from "./input_system.ts";

/** Longest effect that is passed on: browsers play at most 5 s (W3C Gamepad extensions). */
const MAX_RUMBLE_MS = 5000;
/** -EINVAL, for effects that are not rumble. */
const REFUSED = -22;

/** Strengths 0–1 for so many milliseconds; 0, 0, 0 stops. */
export type OnRumble = (strong: number, weak: number, ms: number) => void;

/**
 * The force-feedback side of a uinput pad: answers the kernel when a game uploads or erases an
 * effect, and reports what is played (Documentation/input/uinput.rst, linux/uinput.h).
 */
export class RumbleReader {
  readonly #effects = new Map<number, RumbleEffect>();
  #gain = 1;

  constructor(readonly file: UinputFile, readonly onRumble: OnRumble) {}

  /** Handles everything there is to read. A game waits in its upload call until this has run. */
  drain(): void {
    for (let bytes = this.file.read(); bytes; bytes = this.file.read()) {
      for (const event of readInputEvents(bytes)) this.#handle(event);
    }
  }

  #handle([type, code, value]: EventTriple): void {
    if (type === EV_UINPUT && code === UI_FF_UPLOAD) this.#upload(value);
    else if (type === EV_UINPUT && code === UI_FF_ERASE) this.#erase(value);
    else if (type === EV_FF && code === FF_GAIN) this.#gain = Math.min(1, value / 0xffff);
    else if (type === EV_FF) this.#play(code, value);
  }

  #upload(requestId: number): void {
    const upload = uinputFfUpload(requestId);
    this.file.control(UI_BEGIN_FF_UPLOAD, upload);
    const effect = uploadedEffect(upload);
    const known = effect.type === FF_RUMBLE;
    if (known) this.#effects.set(effect.id, effect);
    setFfResult(upload, known ? 0 : REFUSED);
    this.file.control(UI_END_FF_UPLOAD, upload);
  }

  #erase(requestId: number): void {
    const erase = uinputFfErase(requestId);
    this.file.control(UI_BEGIN_FF_ERASE, erase);
    this.#effects.delete(erasedEffect(erase));
    setFfResult(erase, 0);
    this.file.control(UI_END_FF_ERASE, erase);
  }

  /** `times`: how often the effect is to be played, 0 stops it. */
  #play(id: number, times: number): void {
    const effect = this.#effects.get(id);
    if (!effect) return;
    if (times <= 0) return this.onRumble(0, 0, 0);
    const length = effect.lengthMs === 0 ? MAX_RUMBLE_MS : effect.lengthMs * times;
    const strength = (motor: number) => motor / 0xffff * this.#gain;
    this.onRumble(
      strength(effect.strong),
      strength(effect.weak),
      Math.min(MAX_RUMBLE_MS, length),
    );
  }
}
