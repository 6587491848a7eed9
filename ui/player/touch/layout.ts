/**
 * On-screen controls: what they are, where they sit, and the arithmetic of fingers on them.
 * Positions are shares of the screen (0 left/top, 1 right/bottom) of a control's centre; sizes are
 * shares of the screen's short edge.
 */
import { z } from "zod";

/** What a button presses. `key`: KeyboardEvent.code. `pad`: W3C standard button. `mouse`: MouseEvent.button. */
export const ButtonBinding = z.discriminatedUnion("to", [
  z.object({ to: z.literal("pad"), button: z.number().int().min(0).max(16) }),
  z.object({ to: z.literal("key"), code: z.string().max(30) }),
  z.object({ to: z.literal("mouse"), button: z.number().int().min(0).max(4) }),
]);
export type ButtonBinding = z.infer<typeof ButtonBinding>;

/** What a stick moves. `keys`: up, left, down, right. */
export const StickBinding = z.discriminatedUnion("to", [
  z.object({ to: z.literal("pad"), side: z.enum(["left", "right"]) }),
  z.object({ to: z.literal("keys"), codes: z.array(z.string().max(30)).length(4) }),
  z.object({ to: z.literal("mouse") }),
]);
export type StickBinding = z.infer<typeof StickBinding>;

/** What a D-pad presses: the pad's own D-pad, or four keys. */
export const DpadBinding = z.discriminatedUnion("to", [
  z.object({ to: z.literal("pad") }),
  z.object({ to: z.literal("keys"), codes: z.array(z.string().max(30)).length(4) }),
]);
export type DpadBinding = z.infer<typeof DpadBinding>;

const place = {
  id: z.string().min(1).max(20),
  x: z.number().min(0).max(1),
  y: z.number().min(0).max(1),
  size: z.number().min(0.08).max(0.6),
};
export const TouchControl = z.discriminatedUnion("kind", [
  z.object({
    ...place,
    kind: z.literal("button"),
    label: z.string().max(10),
    binding: ButtonBinding,
  }),
  z.object({ ...place, kind: z.literal("stick"), binding: StickBinding }),
  z.object({ ...place, kind: z.literal("dpad"), binding: DpadBinding }),
]);
export type TouchControl = z.infer<typeof TouchControl>;

export const TouchLayout = z.object({
  opacity: z.number().min(0.1).max(1),
  controls: z.array(TouchControl).max(40),
});
export type TouchLayout = z.infer<typeof TouchLayout>;

export const MIN_SIZE = 0.08;
export const MAX_SIZE = 0.6;

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** The layout with one control's centre moved there, kept on the screen. */
export function moveControl(layout: TouchLayout, id: string, x: number, y: number): TouchLayout {
  return change(layout, id, (control) => ({
    ...control,
    x: clamp(x, 0.02, 0.98),
    y: clamp(y, 0.02, 0.98),
  }));
}

/** The layout with one control grown or shrunk by `factor`, within the limits. */
export function resizeControl(layout: TouchLayout, id: string, factor: number): TouchLayout {
  return change(layout, id, (control) => ({
    ...control,
    size: clamp(control.size * factor, MIN_SIZE, MAX_SIZE),
  }));
}

export function removeControl(layout: TouchLayout, id: string): TouchLayout {
  return { ...layout, controls: layout.controls.filter((control) => control.id !== id) };
}

function change(
  layout: TouchLayout,
  id: string,
  update: (control: TouchControl) => TouchControl,
): TouchLayout {
  return {
    ...layout,
    controls: layout.controls.map((control) => control.id === id ? update(control) : control),
  };
}

/** Where a control is drawn, in pixels. */
export function controlBox(
  control: Pick<TouchControl, "x" | "y" | "size">,
  screen: { width: number; height: number },
): { left: number; top: number; size: number } {
  const size = control.size * Math.min(screen.width, screen.height);
  return {
    left: clamp(control.x * screen.width - size / 2, 0, Math.max(0, screen.width - size)),
    top: clamp(control.y * screen.height - size / 2, 0, Math.max(0, screen.height - size)),
    size,
  };
}

/**
 * A stick's value for a finger `dx`, `dy` pixels from its centre: full at `radius`, zero in the
 * innermost tenth, and linear between, so that small movements are possible at once.
 */
export function stickValue(dx: number, dy: number, radius: number): [number, number] {
  const distance = Math.hypot(dx, dy);
  const inner = radius * 0.1;
  if (distance <= inner || radius <= 0) return [0, 0];
  const strength = Math.min(1, (distance - inner) / (radius - inner));
  return [dx / distance * strength, dy / distance * strength];
}

/** Which of up, left, down, right a direction presses: eight sectors, none within `dead` (0–1). */
export function directionsOf(
  x: number,
  y: number,
  dead: number,
): [boolean, boolean, boolean, boolean] {
  if (Math.hypot(x, y) <= dead) return [false, false, false, false];
  // tan(22.5°): a direction counts where it is within 67.5° of the finger's.
  const slope = 0.4142;
  return [
    y < 0 && Math.abs(y) >= slope * Math.abs(x),
    x < 0 && Math.abs(x) >= slope * Math.abs(y),
    y > 0 && Math.abs(y) >= slope * Math.abs(x),
    x > 0 && Math.abs(x) >= slope * Math.abs(y),
  ];
}
