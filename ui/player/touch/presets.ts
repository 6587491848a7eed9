/** Ready-made layouts of on-screen controls. */
import type { TouchControl, TouchLayout } from "./layout.ts";

const pad = (
  id: string,
  label: string,
  button: number,
  x: number,
  y: number,
  size = 0.15,
): TouchControl => ({ kind: "button", id, label, binding: { to: "pad", button }, x, y, size });
const key = (
  id: string,
  label: string,
  code: string,
  x: number,
  y: number,
  size = 0.15,
): TouchControl => ({ kind: "button", id, label, binding: { to: "key", code }, x, y, size });
const mouse = (
  id: string,
  label: string,
  button: number,
  x: number,
  y: number,
  size = 0.17,
): TouchControl => ({ kind: "button", id, label, binding: { to: "mouse", button }, x, y, size });

const ARROWS = ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight"];
const WASD = ["KeyW", "KeyA", "KeyS", "KeyD"];

export interface TouchPreset {
  id: string;
  title: string;
  layout: TouchLayout;
}

export const TOUCH_PRESETS: TouchPreset[] = [
  {
    id: "gamepad",
    title: "Gamepad",
    layout: {
      opacity: 0.6,
      controls: [
        {
          kind: "stick",
          id: "stick-left",
          binding: { to: "pad", side: "left" },
          x: 0.14,
          y: 0.52,
          size: 0.36,
        },
        { kind: "dpad", id: "dpad", binding: { to: "pad" }, x: 0.27, y: 0.82, size: 0.3 },
        {
          kind: "stick",
          id: "stick-right",
          binding: { to: "pad", side: "right" },
          x: 0.73,
          y: 0.8,
          size: 0.3,
        },
        pad("a", "A", 0, 0.88, 0.66),
        pad("b", "B", 1, 0.945, 0.51),
        pad("x", "X", 2, 0.815, 0.51),
        pad("y", "Y", 3, 0.88, 0.36),
        pad("lb", "LB", 4, 0.2, 0.1, 0.13),
        pad("rb", "RB", 5, 0.8, 0.1, 0.13),
        pad("lt", "LT", 6, 0.08, 0.1, 0.13),
        pad("rt", "RT", 7, 0.92, 0.1, 0.13),
        pad("select", "Select", 8, 0.44, 0.93, 0.11),
        pad("start", "Start", 9, 0.56, 0.93, 0.11),
      ],
    },
  },
  {
    id: "retro",
    title: "Arrows and two buttons",
    layout: {
      opacity: 0.6,
      controls: [
        {
          kind: "dpad",
          id: "dpad",
          binding: { to: "keys", codes: ARROWS },
          x: 0.14,
          y: 0.72,
          size: 0.44,
        },
        key("jump", "Space", "Space", 0.9, 0.64, 0.22),
        key("action", "Ctrl", "ControlLeft", 0.77, 0.8, 0.22),
        key("enter", "Enter", "Enter", 0.56, 0.92, 0.12),
        key("escape", "Esc", "Escape", 0.44, 0.92, 0.12),
      ],
    },
  },
  {
    id: "keys-mouse",
    title: "Keys and mouse",
    layout: {
      opacity: 0.55,
      controls: [
        {
          kind: "stick",
          id: "move",
          binding: { to: "keys", codes: WASD },
          x: 0.14,
          y: 0.7,
          size: 0.4,
        },
        { kind: "stick", id: "look", binding: { to: "mouse" }, x: 0.7, y: 0.76, size: 0.34 },
        mouse("fire", "Left", 0, 0.9, 0.5, 0.19),
        mouse("aim", "Right", 2, 0.9, 0.74, 0.16),
        key("jump", "Space", "Space", 0.82, 0.24, 0.14),
        key("use", "E", "KeyE", 0.93, 0.24, 0.14),
        key("run", "Shift", "ShiftLeft", 0.07, 0.3, 0.14),
        key("escape", "Esc", "Escape", 0.44, 0.92, 0.12),
        key("enter", "Enter", "Enter", 0.56, 0.92, 0.12),
      ],
    },
  },
];

/** The preset of that name, or the first. */
export function presetLayout(id: string): TouchLayout {
  return (TOUCH_PRESETS.find((preset) => preset.id === id) ?? TOUCH_PRESETS[0]).layout;
}
