/**
 * What Debian packages and AppImages say about themselves: desktop entries (freedesktop.org Desktop
 * Entry Specification 1.5), icons, and machine-readable copyright files (DEP-5).
 */
import { join } from "node:path";

export interface DesktopEntry {
  name: string;
  comment: string;
  exec: string[];
  icon: string;
  isGame: boolean;
  terminal: boolean;
}

/** Reads the `[Desktop Entry]` group; undefined where it names no program. */
export function parseDesktopEntry(text: string): DesktopEntry | undefined {
  const keys = new Map<string, string>();
  let group = "";
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("[")) group = line.trim();
    const at = line.indexOf("=");
    if (group !== "[Desktop Entry]" || at < 0 || line.startsWith("#")) continue;
    const key = line.slice(0, at).trim();
    if (!keys.has(key)) keys.set(key, line.slice(at + 1).trim());
  }
  const exec = splitExec(keys.get("Exec") ?? "");
  const name = keys.get("Name") ?? "";
  if (exec.length === 0 || name === "" || (keys.get("Type") ?? "Application") !== "Application") {
    return undefined;
  }
  return {
    name,
    comment: keys.get("Comment") ?? keys.get("GenericName") ?? "",
    exec,
    icon: keys.get("Icon") ?? "",
    isGame: (keys.get("Categories") ?? "").split(";").includes("Game"),
    terminal: keys.get("Terminal") === "true",
  };
}

/** Splits an Exec value into arguments and drops its field codes (%f, %U, …). */
export function splitExec(exec: string): string[] {
  const words = exec.match(/"(?:\\.|[^"\\])*"|[^\s"]+/g) ?? [];
  return words
    .map((word) => word.startsWith('"') ? word.slice(1, -1).replaceAll(/\\(.)/g, "$1") : word)
    .filter((word) => !/^%[a-zA-Z]$/.test(word))
    .map((word) => word.replaceAll("%%", "%"));
}

/** Sizes that look good on a card, best first. */
const ICON_SIZES = ["512x512", "256x256", "scalable", "192x192", "128x128", "96x96", "64x64"];
const ICON_TYPES = ["png", "svg", "webp", "jpg"];

/** Path of the best picture for an icon name below `root`, relative to it. */
export async function findIcon(root: string, icon: string): Promise<string | undefined> {
  const name = icon.split("/").pop()!.replace(/\.(png|svg|xpm|jpg|webp)$/, "");
  if (name === "") return undefined;
  const candidates = [
    ...(icon.startsWith("/") ? [icon.slice(1)] : []),
    ...[...ICON_SIZES, "48x48", "32x32"].flatMap((size) =>
      ICON_TYPES.map((type) => `usr/share/icons/hicolor/${size}/apps/${name}.${type}`)
    ),
    ...ICON_TYPES.map((type) => `usr/share/pixmaps/${name}.${type}`),
    ...ICON_TYPES.map((type) => `${name}.${type}`),
  ];
  for (const path of candidates) {
    if (!ICON_TYPES.some((type) => path.endsWith(`.${type}`))) continue;
    // A link could lead out of the package, to any file of this machine.
    const found = await Deno.realPath(join(root, path)).catch(() => undefined);
    if (found?.startsWith(`${await Deno.realPath(root)}/`)) return path;
  }
  return undefined;
}

/** The licence of a Debian copyright file, short, or "" where it cannot be told. */
export function licenseOf(copyright: string): string {
  const stanzas = copyright.split(/\n\s*\n/);
  const whole = stanzas.find((stanza) => /^Files:\s*\*/m.test(stanza)) ?? "";
  const named = /^License:\s*(\S.*)$/m.exec(whole)?.[1] ??
    /^License:\s*(\S.*)$/m.exec(copyright)?.[1];
  if (named !== undefined) return named.trim().slice(0, 100);
  return /\/usr\/share\/common-licenses\/([A-Za-z0-9.-]+[A-Za-z0-9])/.exec(copyright)?.[1] ?? "";
}
