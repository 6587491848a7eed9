/** One gamepad as the Test card draws it, in the W3C standard layout. */
export interface PadView {
  name: string;
  /** Bit n is button n of the W3C standard gamepad. */
  buttons: number;
  /** Left x, left y, right x, right y: -1 to 1. */
  axes: [number, number, number, number];
  /** 0 to 1. */
  triggers: [number, number];
}

/** Everything that the card shows and that changes. */
export interface TestCardState {
  /** Counts drawn frames from 1. */
  frame: number;
  /** CLOCK_MONOTONIC, ms. */
  timeMs: number;
  /** Wall clock, ms since the epoch. */
  wallMs: number;
  /** Presses of keys, buttons, touches, pad buttons and wheel detents. */
  presses: number;
  /** evdev codes of held keys and of held pointer buttons. */
  keys: Set<number>;
  buttons: Set<number>;
  /** Pixels of the picture. */
  pointer: { x: number; y: number } | undefined;
  touches: Map<number, { x: number; y: number }>;
  /** Wheel detents since the start, right and down positive. */
  wheel: { x: number; y: number };
  pads: (PadView | undefined)[];
  /** The last event in words. */
  last: string;
  /** Frames drawn in the last second. */
  fps: number;
  sound: boolean;
}

export function newState(): TestCardState {
  return {
    frame: 0,
    timeMs: 0,
    wallMs: 0,
    presses: 0,
    keys: new Set(),
    buttons: new Set(),
    pointer: undefined,
    touches: new Map(),
    wheel: { x: 0, y: 0 },
    pads: [undefined, undefined, undefined, undefined],
    last: "Press any key",
    fps: 0,
    sound: false,
  };
}
