/**
 * Gamelan's sign: a gong seen from the front, with its boss in the middle. One geometry, drawn as
 * SVG for pages and as PNG for the places that want pixels (home screens).
 */
import { crc32, deflateSync } from "node:zlib";
import { GONG_RINGS } from "./gong_geometry.ts";

const BACKGROUND = "#14100d";

/** The icon as an SVG document. */
export function gongSvg(): string {
  const gradients = GONG_RINGS.map((ring, i) =>
    `<linearGradient id="g${i}" x1="0" y1="0" x2="1" y2="1">` +
    `<stop stop-color="${ring.light}"/><stop offset="1" stop-color="${ring.dark}"/></linearGradient>`
  );
  const circles = GONG_RINGS.map((ring, i) =>
    `<circle cx="50" cy="50" r="${ring.radius * 50}" fill="url(#g${i})"/>`
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><defs>${
    gradients.join("")
  }` +
    `</defs>${circles.join("")}</svg>\n`;
}

const channels = (hex: string) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));

/**
 * The icon as a PNG of `size` × `size` pixels. `maskable` fills the square and keeps the gong inside
 * the safe zone (W3C Web App Manifest, 4.7: a circle of 80 % of the size).
 */
export function gongPng(size: number, options: { maskable: boolean }): Uint8Array {
  const scale = options.maskable ? 0.82 : 1.1;
  const half = size / 2;
  const background = channels(BACKGROUND);
  const rings = GONG_RINGS.map((ring) => ({
    radius: ring.radius * half * scale,
    light: channels(ring.light),
    dark: channels(ring.dark),
  }));
  // Each row starts with its filter type, 0 = none (PNG, 9.2).
  const rows = new Uint8Array(size * (size * 4 + 1));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const dx = x + 0.5 - half;
      const dy = y + 0.5 - half;
      const distance = Math.hypot(dx, dy);
      let [red, green, blue] = background;
      let alpha = options.maskable ? 1 : 0;
      for (const ring of rings) {
        const cover = Math.min(1, Math.max(0, ring.radius - distance + 0.5));
        if (cover === 0) continue;
        const slope = Math.min(1, Math.max(0, 0.5 + (dx + dy) / (2.83 * ring.radius)));
        const mix = (i: number) => ring.light[i] + (ring.dark[i] - ring.light[i]) * slope;
        if (alpha === 0) [red, green, blue] = [mix(0), mix(1), mix(2)];
        red += (mix(0) - red) * cover;
        green += (mix(1) - green) * cover;
        blue += (mix(2) - blue) * cover;
        alpha += (1 - alpha) * cover;
      }
      rows.set([red, green, blue, alpha * 255], y * (size * 4 + 1) + 1 + x * 4);
    }
  }
  return pngFile(size, rows);
}

function pngFile(size: number, rows: Uint8Array): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, size);
  view.setUint32(4, size);
  // 8 bits a channel, RGBA.
  header.set([8, 6, 0, 0, 0], 8);
  const parts = [
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk("IHDR", header),
    pngChunk("IDAT", new Uint8Array(deflateSync(rows))),
    pngChunk("IEND", new Uint8Array(0)),
  ];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

function pngChunk(type: string, data: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(12 + data.length);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, data.length);
  chunk.set(new TextEncoder().encode(type), 4);
  chunk.set(data, 8);
  view.setUint32(8 + data.length, crc32(chunk.subarray(4, 8 + data.length)));
  return chunk;
}
