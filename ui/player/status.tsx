/** What the player is told over the picture: progress, reconnecting, the end, short notices. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionInfo, StartStep } from "../../src/protocol/session.ts";
import { useFocusScope } from "../components/dialog.tsx";
import { Gong, Icon } from "../components/icons.tsx";
import { connectedPads } from "../gamepad/poller.ts";
import { api, messageOf } from "../state/api.ts";
import { house } from "../state/house.ts";
import { preferences, preferredMode } from "../state/preferences.ts";
import { navigate } from "../state/router.ts";
import type { PlayerSession } from "./session.ts";
import { hearsSurround } from "./sound_answer.ts";

export const START_STEPS: { step: StartStep; title: string }[] = [
  { step: "process", title: "Session" },
  { step: "display", title: "Display" },
  { step: "sound", title: "Sound" },
  { step: "game", title: "Game" },
  { step: "first-frame", title: "First picture" },
];

const NOTICE_MS = 6000;
const HINT_MS = 6000;
const PADS_LOST_MS = 12000;

export function PlayerStatus({ session, over }: { session: PlayerSession; over: boolean }) {
  const info = session.info.value;
  const connection = session.connection.value;
  if (over) return <Ended session={session} />;
  // An X server's empty screen comes before the game: the session says when it plays.
  const starting = !session.pictureShown.value || info?.state === "starting";
  return (
    <>
      {starting && connection !== "reconnecting" && <Starting info={info} />}
      {connection === "reconnecting" && (
        <div
          class="player-banner"
          role="status"
          data-testid="player-status"
          data-state="reconnecting"
        >
          <span class="pulse" />
          Connection lost, reconnecting
        </div>
      )}
      {!starting && connection !== "reconnecting" && (
        <span
          class="visually-hidden"
          role="status"
          data-testid="player-status"
          data-state={info?.state ?? connection}
        >
          {info?.state === "ending" ? "The game is ending" : "Playing"}
        </span>
      )}
      {session.pointerLock.value === "wanted" && (
        <div class="player-hint">Click to give the mouse to the game</div>
      )}
      {session.soundBlocked.value && !starting && (
        <div class="player-hint">
          <Icon name="silent" /> Press anything for sound
        </div>
      )}
      {!starting && <Toasts session={session} />}
      {!starting && <FirstHint />}
    </>
  );
}

function Starting({ info }: { info: SessionInfo | undefined }) {
  const at = START_STEPS.findIndex(({ step }) => step === info?.step);
  const playing = info?.state === "playing" || info?.state === "unwatched";
  return (
    <div
      class="player-cover"
      role="status"
      data-testid="player-status"
      data-state={info ? "starting" : "connecting"}
      data-step={info?.step}
    >
      <Gong class="gong gong-large gong-ringing" />
      <h1>{info?.title ?? "Connecting"}</h1>
      <ol class="steps">
        {START_STEPS.map(({ step, title }, i) => {
          const done = playing || at > i || (at === i && step === "first-frame" && playing);
          const current = !done && (at === i || (at < 0 && i === 0));
          return (
            <li key={step} class={done ? "done" : current ? "current" : ""}>
              <span class="step-mark">{done && <Icon name="check" />}</span>
              {title}
            </li>
          );
        })}
      </ol>
      <p class="aside">{playing ? "Waiting for the first picture" : "\u00a0"}</p>
      <a class="button quiet" href="/" data-testid="start-cancel">Back to the library</a>
    </div>
  );
}

function Ended({ session }: { session: PlayerSession }) {
  const box = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<string>();
  useFocusScope(box, () => navigate("/"));
  const info = session.info.value;
  const failed = info?.state === "failed";
  const closed = session.bye.value !== undefined && info?.state !== "ended" && !failed;
  const reason = failed || info?.state === "ended"
    ? info?.reason ?? session.bye.value
    : session.bye.value;
  const isPlayer = house.value?.user !== null && house.value?.user !== undefined;

  const again = async () => {
    if (closed) {
      // The session may go on: a fresh page takes it back.
      location.reload();
      return;
    }
    try {
      const next = await api.play({
        gameId: info!.gameId,
        mode: preferredMode(),
        keyboard: preferences.value.keyboard,
        surround: hearsSurround(),
      });
      navigate(`/play/${next.id}`, { replace: true });
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  const title = failed ? "The game stopped" : closed ? "Disconnected" : "Game over";
  return (
    <div
      class="player-cover"
      ref={box}
      data-focus-scope
      data-testid="player-status"
      data-state={failed ? "failed" : closed ? "closed" : "ended"}
      role="alert"
    >
      {failed
        ? (
          <span class="cover-icon">
            <Icon name="warning" />
          </span>
        )
        : <Gong class="gong gong-large gong-dim" />}
      <h1>{title}</h1>
      <p class="lead">
        {reason ?? "Thanks for playing."}
      </p>
      {error && <p class="notice notice-error" role="alert">{error}</p>}
      <div class="actions">
        {isPlayer && (info || closed) && (
          <button
            class="primary large"
            type="button"
            onClick={again}
            data-testid="play-again"
            data-autofocus
          >
            {closed || failed ? "Try again" : "Play again"}
          </button>
        )}
        <a class="button large" href="/" data-testid="to-library">Library</a>
      </div>
    </div>
  );
}

/** Notices of the session, of this page, and why it stutters. */
function Toasts({ session }: { session: PlayerSession }) {
  const notice = session.notice.value;
  useEffect(() => {
    if (!notice) return;
    const timer = setTimeout(() => session.notice.value = undefined, NOTICE_MS);
    return () => clearTimeout(timer);
  }, [notice]);
  const pads = session.padsReach.value;
  const padsLost = connectedPads.value.length > 0 && !pads.available;
  return (
    <div class="toasts" aria-live="polite">
      {session.diagnosis.value && (
        <p class="toast toast-warning" data-testid="diagnosis">
          <Icon name="warning" />
          {session.diagnosis.value}
        </p>
      )}
      {padsLost && <PadsLost reason={pads.reason} />}
      {notice && (
        <p class={`toast toast-${notice.level}`} data-testid="player-notice">
          <Icon name={notice.level === "info" ? "check" : "warning"} />
          {notice.text}
        </p>
      )}
    </div>
  );
}

/** That pads do not reach the game, for a while; the menu goes on to say it. */
function PadsLost({ reason }: { reason: string | undefined }) {
  const shown = useMoment(PADS_LOST_MS);
  if (!shown) return null;
  return (
    <p class="toast toast-warning" data-testid="pads-unavailable">
      <Icon name="gamepad" />
      {reason ?? "Gamepads do not reach games on this machine."}
    </p>
  );
}

/** True for `ms` milliseconds from the first time on. */
function useMoment(ms: number): boolean {
  const [shown, setShown] = useState(true);
  useEffect(() => {
    const timer = setTimeout(() => setShown(false), ms);
    return () => clearTimeout(timer);
  }, []);
  return shown;
}

/** How to get to the menu, for a moment. */
function FirstHint() {
  const shown = useMoment(HINT_MS);
  if (!shown || matchMedia("(pointer: coarse)").matches) return null;
  return (
    <div class="player-hint player-hint-menu">
      {connectedPads.value.length > 0
        ? "Menu: hold Guide, or Start and Select"
        : "Menu: Ctrl + Alt + Shift + M, or the corner"}
    </div>
  );
}
