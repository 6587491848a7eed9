/** The frame around the pages of someone who is signed in: name, navigation, offline banner. */
import type { ComponentChildren } from "preact";
import { house, online } from "../state/house.ts";
import { route } from "../state/router.ts";
import { Gong, Icon } from "./icons.tsx";

export function Shell({ children }: { children: ComponentChildren }) {
  const page = route.value.page;
  const user = house.value?.user;
  return (
    <div class="shell">
      <header class="top" data-focus-last>
        <a class="brand" href="/" aria-label="Gamelan, library">
          <Gong />
          <span class="brand-name">Gamelan</span>
          {house.value && house.value.houseName !== "Gamelan" && (
            <span class="brand-house">{house.value.houseName}</span>
          )}
        </a>
        <nav aria-label="Pages">
          <a
            href="/"
            data-testid="nav-library"
            aria-current={page === "library" ? "page" : undefined}
          >
            <Icon name="library" />
            <span>Library</span>
          </a>
          <a
            href="/settings"
            data-testid="nav-settings"
            aria-current={page === "settings" ? "page" : undefined}
          >
            <Icon name="settings" />
            <span>Settings</span>
          </a>
          {user && <span class="who" title={user.name}>{initial(user.name)}</span>}
        </nav>
      </header>
      {!online.value && (
        <p class="offline" role="status" data-testid="offline">
          <Icon name="offline" /> The house is not answering. Trying again…
        </p>
      )}
      <main>{children}</main>
    </div>
  );
}

const initial = (name: string) => [...name][0]?.toUpperCase() ?? "?";

/** A single centred card, for pages without navigation. */
export function Stage({ children, wide }: { children: ComponentChildren; wide?: boolean }) {
  return (
    <main class="stage">
      <div class={`stage-card${wide ? " wide" : ""}`}>{children}</div>
    </main>
  );
}
