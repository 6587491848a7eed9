/** The player's page: picture, what lies over it, and its menu. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Gong, Icon } from "../components/icons.tsx";
import { textEntry } from "../components/text_entry.tsx";
import { connectedPads } from "../gamepad/poller.ts";
import { focusScope } from "../navigation/focus.ts";
import { preferences, setPreferences } from "../state/preferences.ts";
import { exposeStats } from "./exposed_stats.ts";
import { toggleFullscreen } from "./fullscreen.ts";
import type { Shortcut } from "./input/keyboard.ts";
import { captureText, tapKey } from "./input/text.ts";
import { PlayerMenu } from "./menu.tsx";
import { PlayerSession } from "./session.ts";
import { PlayerStatus } from "./status.tsx";
import { StatsOverlay } from "./stats/overlay.tsx";
import { TouchOverlay } from "./touch/overlay.tsx";

/** The controls are shown this long after the mouse moved. */
const IDLE_MS = 4000;

export function PlayerPage({ sessionId }: { sessionId: string }) {
  const page = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const textField = useRef<HTMLInputElement>(null);
  const [session, setSession] = useState<PlayerSession>();
  const [menuOpen, setMenuOpen] = useState(false);
  const [statsOpen, setStatsOpen] = useState(false);

  useEffect(() => {
    const shortcuts: Record<Shortcut, () => void> = {
      menu: () => setMenuOpen(true),
      stats: () => setStatsOpen((open) => !open),
      fullscreen: () => toggleFullscreen(page.current!),
      "release-pointer": () => document.exitPointerLock(),
      screenshot: () => created.screenshot(),
    };
    const created: PlayerSession = new PlayerSession(sessionId, video.current!, {
      onShortcut: (shortcut) => shortcuts[shortcut](),
    });
    const hide = exposeStats(created, video.current!);
    const releaseText = captureText(textField.current!, created.sender);
    setSession(created);
    return () => {
      releaseText();
      hide();
      created.close();
      if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    };
  }, [sessionId]);

  const state = session?.info.value?.state;
  const over = session?.connection.value === "over" || state === "ended" || state === "failed";
  const paused = menuOpen || over || textEntry.isOpen;
  // With the change on the screen, not after it: the first key after a menu is the game's.
  useLayoutEffect(() => session?.setPlaying(!paused), [session, paused]);
  useEffect(() => keepScreenOn(), []);
  useIdleClass(page);

  const openKeyboard = () => {
    setMenuOpen(false);
    if (connectedPads.value.length > 0 && !matchMedia("(pointer: coarse)").matches) {
      // Without touch a focused field opens no keyboard: a gamepad's player gets ours.
      textEntry.openFor(gameText(session!));
    } else {
      textField.current!.focus();
    }
  };
  const showsTouch = touchWanted() && !paused && session !== undefined;
  return (
    <div class={`player${showsTouch ? " with-touch" : ""}`} ref={page}>
      <video
        ref={video}
        class="player-video"
        data-testid="player-video"
        tabIndex={-1}
        playsInline
        autoplay
        disablePictureInPicture
        aria-label="The game's picture"
      />
      <input
        ref={textField}
        class="player-text"
        aria-label="Text for the game"
        tabIndex={-1}
        autocomplete="off"
        autocapitalize="none"
        data-testid="player-text"
      />
      {showsTouch && <TouchOverlay session={session} />}
      {session && <PlayerStatus session={session} over={over} />}
      {session && statsOpen && <StatsOverlay session={session} />}
      {!over && (
        <div class="player-corner">
          <button
            type="button"
            aria-label="Keyboard"
            class="player-keyboard"
            data-testid="keyboard-button"
            onClick={openKeyboard}
          >
            <Icon name="keyboard" />
          </button>
          <button
            type="button"
            aria-label="Menu"
            aria-expanded={menuOpen}
            data-testid="player-menu-button"
            onClick={() => setMenuOpen(true)}
          >
            <Gong />
          </button>
        </div>
      )}
      {session && menuOpen && !over && (
        <PlayerMenu
          session={session}
          statsOpen={statsOpen}
          onStats={() => setStatsOpen(!statsOpen)}
          onKeyboard={openKeyboard}
          onFullscreen={() => toggleFullscreen(page.current!)}
          onClose={() => setMenuOpen(false)}
        />
      )}
    </div>
  );
}

/** On-screen controls: as chosen, otherwise on touch devices without a gamepad. */
export function touchWanted(): boolean {
  const chosen = preferences.value.touchOverlay;
  return chosen ?? (matchMedia("(pointer: coarse)").matches && connectedPads.value.length === 0);
}

/** Writing into the game with the on-screen keyboard. */
function gameText(session: PlayerSession) {
  // The keyboard covers the game, so input is not active: it is for the moment of each key.
  const whileActive = (action: () => void) => {
    session.sender.active = true;
    action();
    setTimeout(() => {
      if (focusScope() !== document.body) session.sender.active = false;
    }, 80);
  };
  return {
    insert: (text: string) =>
      whileActive(() => session.sender.send({ kind: "text", timeMs: performance.now(), text })),
    backspace: () => whileActive(() => tapKey(session.sender, "Backspace")),
    enter: () => {
      whileActive(() => tapKey(session.sender, "Enter"));
      return true;
    },
  };
}

/** Screen Wake Lock: a gamepad's player touches neither keys nor mouse. */
function keepScreenOn(): () => void {
  let lock: WakeLockSentinel | undefined;
  const take = () => {
    if (document.hidden) return;
    navigator.wakeLock?.request("screen").then((taken) => lock = taken, () => {});
  };
  take();
  document.addEventListener("visibilitychange", take);
  return () => {
    document.removeEventListener("visibilitychange", take);
    lock?.release().catch(() => {});
  };
}

/** Marks the page idle while the mouse rests, so that nothing lies over the picture. */
function useIdleClass(page: { current: HTMLElement | null }): void {
  useEffect(() => {
    const element = page.current!;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let idle = false;
    const moved = () => {
      if (idle) element.classList.remove("idle");
      idle = false;
      clearTimeout(timer);
      timer = setTimeout(() => {
        idle = true;
        element.classList.add("idle");
      }, IDLE_MS);
    };
    moved();
    element.addEventListener("pointermove", moved, { passive: true });
    return () => {
      clearTimeout(timer);
      element.removeEventListener("pointermove", moved);
    };
  }, []);
}

/** Sets the sound of the picture and keeps it for the next time. */
export function setSound(change: { volume?: number; muted?: boolean }): void {
  setPreferences(change);
  const video = document.querySelector<HTMLVideoElement>(".player-video");
  if (!video) return;
  video.volume = preferences.value.volume;
  video.muted = preferences.value.muted;
}
