import { ACCENT, DIM_INK, hue, INK, PANEL } from "./background.ts";
import { Canvas, type Color } from "./canvas.ts";
import { buttonName, keyName } from "./key_names.ts";
import { GLYPH_ADVANCE, GLYPH_HEIGHT, textWidth } from "./font.ts";
import { fontScale, type Layout } from "./layout.ts";
import type { PadView, TestCardState } from "./state.ts";
import { type Area, encodeStrip, stripCell } from "./strip.ts";

/** A part of the card with a fixed place. */
export interface Element {
  area: Area;
  /** Two states that look the same here have the same content. */
  content(state: TestCardState): string;
  paint(canvas: Canvas, state: TestCardState): void;
}

/** Something that moves over the card. */
export interface Overlay {
  area: Area;
  /** What it looks like, besides where it is. */
  content: string;
  paint(canvas: Canvas): void;
}

const FLASH_BRIGHT: Color = 0xf4f1e6;
const FLASH_DARK: Color = 0x14181f;

/** The fixed parts for a layout. */
export function elementsFor(layout: Layout): Element[] {
  return [
    stripElement(layout),
    flashElement(layout),
    {
      area: layout.counter,
      content: ({ frame }) => String(frame),
      paint: (canvas, { frame }) =>
        canvas.plate(
          layout.counter,
          String(frame).padStart(8, "0"),
          fontScale(layout, 6),
          0x62e08a,
          0x000000,
        ),
    },
    {
      area: layout.clock,
      content: ({ wallMs }) => String(wallMs),
      paint: (canvas, { wallMs }) =>
        canvas.plate(layout.clock, clockText(wallMs), fontScale(layout, 4), INK, 0x000000),
    },
    panelElement(layout, layout.keys, keyLines),
    panelElement(layout, layout.pointer, pointerLines),
    ...layout.pads.map((area, i) => padElement(layout, area, i)),
  ];
}

/** What moves: the sweep, the pointer and touches. */
export function overlaysFor(layout: Layout, state: TestCardState): Overlay[] {
  const overlays = [sweepOverlay(layout, state)];
  if (state.pointer) {
    const color = state.buttons.size > 0 ? 0xff4040 : ACCENT;
    overlays.push(crossOverlay(layout, state.pointer, color));
  }
  for (const [id, touch] of state.touches) {
    overlays.push(touchOverlay(layout, touch, hue(id * 0.37 % 1)));
  }
  return overlays;
}

function clockText(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(11, 23);
}

function stripElement(layout: Layout): Element {
  const { width, height, strip } = layout;
  return {
    area: strip,
    content: ({ frame, presses }) => `${frame} ${presses}`,
    paint(canvas, state) {
      encodeStrip({ ...state, presses: state.presses & 255 }).forEach((bit, i) =>
        canvas.fillArea(stripCell(width, height, i), bit ? 0xffffff : 0x000000)
      );
    },
  };
}

function flashElement(layout: Layout): Element {
  const { flash, unit } = layout;
  return {
    area: flash,
    content: ({ presses }) => String(presses),
    paint(canvas, { presses }) {
      const bright = presses % 2 === 1;
      canvas.fillArea(flash, bright ? FLASH_BRIGHT : FLASH_DARK);
      canvas.frame(flash, Math.max(1, Math.round(2 * unit)), ACCENT);
      const ink = bright ? FLASH_DARK : FLASH_BRIGHT;
      const margin = Math.round(16 * unit);
      const scale = fontScale(layout, 3);
      canvas.text(flash.x + margin, flash.y + margin, "INPUT", scale, ink);
      const bottom = flash.y + flash.height - margin - 7 * 2 * scale;
      canvas.text(flash.x + margin, bottom, String(presses), 2 * scale, ink);
    },
  };
}

function panelElement(
  layout: Layout,
  panel: Area,
  lines: (state: TestCardState) => string[],
): Element {
  const inset = Math.round(10 * layout.unit);
  const area = {
    x: panel.x + inset,
    y: panel.y + inset,
    width: panel.width - 2 * inset,
    height: panel.height - 2 * inset,
  };
  return {
    area,
    content: (state) => lines(state).join("\n"),
    paint(canvas, state) {
      canvas.fillArea(area, PANEL);
      const scale = fontScale(layout, 2);
      lines(state).forEach((line, i) =>
        canvas.text(area.x, area.y + i * 11 * scale, line, scale, i === 0 ? DIM_INK : INK)
      );
    },
  };
}

function keyLines({ keys, last, presses, fps, sound }: TestCardState): string[] {
  const held = [...keys].map(keyName);
  return [
    "Keys",
    held.slice(0, 2).join(" ") || "-",
    held.slice(2, 4).join(" "),
    held.slice(4, 6).join(" "),
    last,
    presses === 0 ? "" : `${presses} presses`,
    `${fps} fps drawn`,
    sound ? "Beep on" : "No sound server",
  ];
}

function pointerLines({ pointer, buttons, wheel, touches }: TestCardState): string[] {
  return [
    "Pointer and touch",
    pointer ? `${Math.round(pointer.x)}, ${Math.round(pointer.y)}` : "-",
    [...buttons].map(buttonName).join(" "),
    `Wheel ${wheel.x.toFixed(1)}, ${wheel.y.toFixed(1)}`,
    ...[...touches].slice(0, 4).map(([id, { x, y }]) =>
      `Touch ${id}: ${Math.round(x)}, ${Math.round(y)}`
    ),
  ];
}

function padElement(layout: Layout, panel: Area, index: number): Element {
  const inset = Math.max(2, Math.round(3 * layout.unit));
  const area = {
    x: panel.x + inset,
    y: panel.y + inset,
    width: panel.width - 2 * inset,
    height: panel.height - 2 * inset,
  };
  return {
    area,
    content({ pads }) {
      const pad = pads[index];
      if (!pad) return "none";
      const values = [...pad.axes, ...pad.triggers].map((value) => Math.round(value * 100));
      return `${pad.name} ${pad.buttons} ${values.join(" ")}`;
    },
    paint(canvas, { pads }) {
      canvas.fillArea(area, PANEL);
      canvas.clipped(area, () => paintPad(canvas, layout, area, index, pads[index]));
    },
  };
}

function paintPad(
  canvas: Canvas,
  layout: Layout,
  area: Area,
  index: number,
  pad: PadView | undefined,
): void {
  const { unit } = layout;
  const at = (x: number, y: number) => ({
    x: area.x + Math.round(x * area.width / 140),
    y: area.y + Math.round(y * area.height / 140),
  });
  const length = (value: number) => Math.max(1, Math.round(value * unit));
  const scale = fontScale(layout, 1.4);
  const title = at(6, 6);
  const widest = area.width - 2 * (title.x - area.x);
  canvas.text(title.x, title.y, `Pad ${index + 1}`, scale, pad ? INK : DIM_INK);
  if (!pad) {
    const text = at(6, 64);
    const [long, short] = ["Not connected", "None"];
    canvas.text(text.x, text.y, textWidth(long, scale) > widest ? short : long, scale, DIM_INK);
    return;
  }
  // On a small card the smallest letters are large beside the rest.
  const under = Math.max(at(6, 20).y, title.y + (GLYPH_HEIGHT + 2) * scale);
  const small = Math.max(1, scale - 1);
  const fit = Math.floor((widest / small + 1) / GLYPH_ADVANCE);
  canvas.text(title.x, under, pad.name.slice(0, Math.min(20, fit)), small, DIM_INK);
  [0, 1].forEach((side) => {
    const center = at(38 + side * 64, 66);
    const radius = length(24);
    canvas.ring(center.x, center.y, radius, length(2), DIM_INK);
    const pressed = pad.buttons >> (10 + side) & 1;
    canvas.disc(
      center.x + Math.round(pad.axes[2 * side] * radius * 0.8),
      center.y + Math.round(pad.axes[2 * side + 1] * radius * 0.8),
      length(6),
      pressed ? 0xff4040 : ACCENT,
    );
    const trigger = at(8 + side * 116, 36);
    const height = length(58);
    canvas.fill(trigger.x, trigger.y, length(8), height, 0x22304d);
    const filled = Math.round(height * pad.triggers[side]);
    canvas.fill(trigger.x, trigger.y + height - filled, length(8), filled, ACCENT);
  });
  // Buttons 0–8 and 9–16, without the sticks' own, in two rows.
  for (let button = 0; button < 17; button++) {
    const center = at(12 + button % 9 * 14.5, 108 + Math.floor(button / 9) * 18);
    const on = pad.buttons >> button & 1;
    canvas.disc(center.x, center.y, length(on ? 6 : 4), on ? 0x62e08a : 0x33466b);
  }
}

/** A bar that runs along the track and back once every four seconds. */
function sweepOverlay({ sweep, unit }: Layout, { timeMs }: TestCardState): Overlay {
  const width = Math.max(4, Math.round(36 * unit));
  const phase = timeMs % 4000 / 2000;
  const along = phase < 1 ? phase : 2 - phase;
  const inset = Math.max(2, Math.round(4 * unit));
  const area = {
    x: sweep.x + inset + Math.round(along * (sweep.width - width - 2 * inset)),
    y: sweep.y + inset,
    width,
    height: sweep.height - 2 * inset,
  };
  return {
    area,
    content: "sweep",
    paint(canvas) {
      canvas.fillArea(area, ACCENT);
      canvas.fill(area.x + (width >> 1), area.y, Math.max(1, Math.round(unit)), area.height, 0);
    },
  };
}

function crossOverlay({ unit }: Layout, at: { x: number; y: number }, color: Color): Overlay {
  const size = Math.max(8, Math.round(18 * unit));
  const thin = Math.max(1, Math.round(unit));
  const [x, y] = [Math.round(at.x), Math.round(at.y)];
  return {
    area: { x: x - size, y: y - size, width: 2 * size + 1, height: 2 * size + 1 },
    content: `cross ${color}`,
    paint(canvas) {
      // Black edges, so that it is seen on any ground.
      canvas.fill(x - size, y - 2 * thin, 2 * size + 1, 4 * thin + 1, 0);
      canvas.fill(x - 2 * thin, y - size, 4 * thin + 1, 2 * size + 1, 0);
      canvas.fill(x - size, y - thin, 2 * size + 1, 2 * thin + 1, color);
      canvas.fill(x - thin, y - size, 2 * thin + 1, 2 * size + 1, color);
    },
  };
}

function touchOverlay({ unit }: Layout, at: { x: number; y: number }, color: Color): Overlay {
  const radius = Math.max(8, Math.round(34 * unit));
  const [x, y] = [Math.round(at.x), Math.round(at.y)];
  return {
    area: { x: x - radius, y: y - radius, width: 2 * radius + 1, height: 2 * radius + 1 },
    content: `touch ${color}`,
    paint(canvas) {
      canvas.ring(x, y, radius, Math.max(3, Math.round(7 * unit)), color);
      canvas.disc(x, y, Math.max(2, Math.round(5 * unit)), color);
    },
  };
}
