import QRCode from "qrcode";

/** What a box shows on the screen that is attached to it. */
export interface ConsoleScreen {
  /** The house's name. */
  house: string;
  version: string;
  /** What to open on another device; the first is the best one. Empty: there is no network yet. */
  urls: string[];
  /** Where to make a device trust this house, over plain HTTP. */
  trustUrl?: string;
  /** Until somebody has claimed the house. */
  claimCode?: string;
  /** Fingerprint of the host key, where somebody can come in by SSH. */
  sshHostKey?: string;
}

const CLEAR = "\x1b[H\x1b[2J\x1b[3J";
const HIDE_CURSOR = "\x1b[?25l";
/** The kernel blanks its consoles after ten minutes, and a blank box looks broken; console_codes(4). */
const NEVER_BLANK = "\x1b[9;0]";
const BRIGHT = "\x1b[1m";
const PLAIN = "\x1b[0m";

/** The screen as text for the Linux console: at least 80 × 25 characters, code page 437. */
export function renderConsoleScreen(screen: ConsoleScreen): string {
  const house = screen.house.replaceAll(/\p{Cc}/gu, "");
  const lines = ["", `  ${BRIGHT}${house}${PLAIN}   Gamelan ${screen.version}`, ""];
  const [url, ...others] = screen.urls;
  if (url === undefined) {
    lines.push(
      "  There is no network yet.",
      "",
      "  Plug in a network cable, or a USB stick labelled GAMELAN that has a Wi-Fi's password",
      "  on it. This screen changes by itself.",
    );
  } else {
    const text = [
      "On a phone, TV or computer at home, open",
      "",
      `  ${BRIGHT}${url}${PLAIN}`,
      ...others.slice(0, 3).map((other) => `  ${other}`),
      "",
      ...(screen.trustUrl ? ["Each device, first, once", `  ${screen.trustUrl}`, ""] : []),
      ...(screen.claimCode
        ? [
          "Claim code",
          `  ${BRIGHT}${screen.claimCode}${PLAIN}`,
          "",
          "Whoever has it first owns this box.",
        ]
        : []),
    ];
    // By address: not every phone can look up names that end in .local.
    const address = screen.urls.find((one) => /^https?:\/\/[\d.]+(:\d+)?$/.test(one)) ?? url;
    const code = qrLines(screen.claimCode ? `${address}/#claim=${screen.claimCode}` : address);
    for (let i = 0; i < Math.max(code.length, text.length); i++) {
      lines.push(`  ${code[i] ?? " ".repeat(code[0].length)}   ${text[i] ?? ""}`);
    }
    if (screen.sshHostKey) lines.push("", `  SSH host key ${screen.sshHostKey}`);
  }
  return NEVER_BLANK + HIDE_CURSOR + CLEAR + lines.join("\r\n") + "\r\n";
}

/** A QR code in half blocks, light on dark, with the quiet zone of two modules that readers accept. */
function qrLines(text: string): string[] {
  const { modules } = QRCode.create(text, { errorCorrectionLevel: "L" });
  const quiet = 2;
  const size = modules.size + 2 * quiet;
  const light = (x: number, y: number) => {
    const [column, row] = [x - quiet, y - quiet];
    if (y >= size) return false;
    if (column < 0 || row < 0 || column >= modules.size || row >= modules.size) return true;
    return !modules.get(row, column);
  };
  const lines: string[] = [];
  for (let y = 0; y < size; y += 2) {
    let line = "";
    for (let x = 0; x < size; x++) {
      line += [" ", "▄", "▀", "█"][(light(x, y) ? 2 : 0) + (light(x, y + 1) ? 1 : 0)];
    }
    lines.push(line);
  }
  return lines;
}
