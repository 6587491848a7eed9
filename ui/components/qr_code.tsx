/** A QR code as one SVG path, dark on light as scanners expect. */
import QRCode from "qrcode";
import { useMemo } from "preact/hooks";

export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => qrPath(text), [text]);
  return (
    <svg
      class="qr"
      viewBox={`-3 -3 ${size + 6} ${size + 6}`}
      role="img"
      aria-label={`${label}: ${text}`}
    >
      <rect x="-3" y="-3" width={size + 6} height={size + 6} fill="#fff" rx="2" />
      <path d={path} fill="#14100d" shape-rendering="crispEdges" />
    </svg>
  );
}

/** Runs of dark modules as rectangles of one path; `size` is the side in modules. */
export function qrPath(text: string): { size: number; path: string } {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: "M" });
  const { size } = modules;
  let path = "";
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let run = 0;
      while (x + run < size && modules.get(y, x + run)) run++;
      if (run > 0) path += `M${x} ${y}h${run}v1h-${run}z`;
      x += run;
    }
  }
  return { size, path };
}
