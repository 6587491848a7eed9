/** Pages by address. The house serves the same document for all of them. */
import { signal } from "@preact/signals";

export const SETTINGS_SECTIONS = [
  "controller",
  "touch",
  "keyboard",
  "people",
  "machine",
  "network",
  "backup",
] as const;
export type SettingsSection = typeof SETTINGS_SECTIONS[number];

export type Route =
  | { page: "library" | "claim" | "login" | "join" | "trust" | "keep-network" | "not-found" }
  | { page: "game"; gameId: string }
  | { page: "play"; sessionId: string }
  | { page: "settings"; section: SettingsSection };

/** The page for a URL path. */
export function parseRoute(path: string): Route {
  const [first = "", second, ...rest] = path.split("/").filter((part) => part !== "");
  if (rest.length > 0) return { page: "not-found" };
  if (second === undefined) {
    if (first === "") return { page: "library" };
    if (
      first === "claim" || first === "login" || first === "join" || first === "trust" ||
      first === "keep-network"
    ) {
      return { page: first };
    }
    if (first === "settings") return { page: "settings", section: "controller" };
    return { page: "not-found" };
  }
  if (first === "games") return { page: "game", gameId: second };
  if (first === "play") return { page: "play", sessionId: second };
  const section = SETTINGS_SECTIONS.find((name) => name === second);
  if (first === "settings" && section) return { page: "settings", section };
  return { page: "not-found" };
}

/** Where "back" leads from a page, without the browser's history; undefined at the top. */
export function parentOf(route: Route): string | undefined {
  switch (route.page) {
    case "library":
    case "claim":
      return undefined;
    default:
      return "/";
  }
}

export const route = signal<Route>(parseRoute(location.pathname));

/** Goes to a page. Keeps the visible transition where the browser offers one. */
export function navigate(path: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  show();
}

function show(): void {
  route.value = parseRoute(location.pathname);
  scrollTo(0, 0);
}

addEventListener("popstate", show);

/** Handles clicks on links within the app; the others are the browser's. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin) return;
  event.preventDefault();
  navigate(url.pathname + url.hash);
}
