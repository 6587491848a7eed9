/** Which page is shown to whom. */
import { useEffect } from "preact/hooks";
import { Spinner } from "./components/controls.tsx";
import { Icon } from "./components/icons.tsx";
import { Shell, Stage } from "./components/shell.tsx";
import { TextEntry } from "./components/text_entry.tsx";
import { focusFirst } from "./navigation/focus.ts";
import { ClaimPage } from "./pages/claim.tsx";
import { GamePage } from "./pages/game.tsx";
import { JoinPage } from "./pages/join.tsx";
import { KeepNetworkPage } from "./pages/keep_network.tsx";
import { LibraryPage } from "./pages/library.tsx";
import { LoginPage } from "./pages/login.tsx";
import { NotFoundPage } from "./pages/not_found.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { TrustPage } from "./pages/trust.tsx";
import { PlayerPage } from "./player/player.tsx";
import { api } from "./state/api.ts";
import { listenToHouse } from "./state/events.ts";
import { house, library, loadHouse, online, sessions } from "./state/house.ts";
import { followLinks, route } from "./state/router.ts";

export function App() {
  useEffect(() => {
    document.addEventListener("click", followLinks);
    return () => document.removeEventListener("click", followLinks);
  }, []);
  useEffect(keepAsking, []);
  const userId = house.value?.user?.id;
  useEffect(() => userId ? loadAll() : undefined, [userId]);
  const address = JSON.stringify(route.value) + (house.value ? "" : "?");
  useEffect(() => {
    if (document.documentElement.dataset.input !== "pointer") focusFirst();
  }, [address, library.value === undefined]);
  return (
    <>
      <Page />
      <TextEntry />
    </>
  );
}

/** Asks who we are until the house answers. */
function keepAsking(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const ask = () =>
    loadHouse().catch(() => {
      if (!stopped) timer = setTimeout(ask, 2000);
    });
  ask();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

/** Library and sessions now, and whatever changes. */
function loadAll(): () => void {
  api.library().then((state) => library.value = state, () => {});
  api.sessions().then((list) => sessions.value = list, () => {});
  return listenToHouse();
}

function Page() {
  const at = route.value;
  const state = house.value;
  if (at.page === "trust") return <TrustPage />;
  if (at.page === "keep-network") return <KeepNetworkPage />;
  if (!state) return <Connecting />;
  if (!state.claimed) return <ClaimPage />;
  if (at.page === "join") return <JoinPage />;
  if (at.page === "play" && (state.user || state.guestSession === at.sessionId)) {
    return <PlayerPage key={at.sessionId} sessionId={at.sessionId} />;
  }
  if (!state.user) return <LoginPage />;
  return (
    <Shell>
      {at.page === "game"
        ? <GamePage key={at.gameId} gameId={at.gameId} />
        : at.page === "settings"
        ? <SettingsPage section={at.section} />
        : at.page === "not-found"
        ? <NotFoundPage />
        : <LibraryPage />}
    </Shell>
  );
}

function Connecting() {
  return (
    <Stage>
      {online.value ? <Spinner label="Connecting to the house" /> : (
        <>
          <Icon name="offline" />
          <h1>The house is not answering</h1>
          <p class="lead">
            Check that the Gamelan machine is on and that this device is in its network. This page
            tries again by itself.
          </p>
        </>
      )}
    </Stage>
  );
}
