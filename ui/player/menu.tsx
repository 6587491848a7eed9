/** The player's menu: a drawer over the picture. The game goes on behind it. */
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { Choice } from "../components/controls.tsx";
import { useFocusScope } from "../components/dialog.tsx";
import { Icon, type IconName } from "../components/icons.tsx";
import { InviteBox } from "../components/invite.tsx";
import { QualityChoices } from "../components/quality.tsx";
import { connectedPads } from "../gamepad/poller.ts";
import { api, messageOf } from "../state/api.ts";
import { house } from "../state/house.ts";
import { preferences, preferredMode, setPreferences } from "../state/preferences.ts";
import { navigate } from "../state/router.ts";
import { setSound, touchWanted } from "./player.tsx";
import type { PlayerSession } from "./session.ts";

export interface PlayerMenuProps {
  session: PlayerSession;
  statsOpen: boolean;
  onStats: () => void;
  onKeyboard: () => void;
  onFullscreen: () => void;
  onClose: () => void;
}

export function PlayerMenu(props: PlayerMenuProps) {
  const { session, onClose } = props;
  const box = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<string>();
  useFocusScope(box, onClose);
  const info = session.info.value;
  const user = house.value?.user;
  const mayEnd = user !== null && user !== undefined &&
    (info?.owner === user.id || user.role === "owner");

  const end = async () => {
    try {
      await api.endSession(info!.id);
      onClose();
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  return (
    <div
      class="menu-backdrop"
      onClick={(event) => event.target === event.currentTarget && onClose()}
    >
      <div
        class="menu"
        role="dialog"
        aria-label="Player menu"
        data-focus-scope
        data-testid="player-menu"
        ref={box}
      >
        <header>
          <h2>{info?.title ?? "Game"}</h2>
          <button type="button" class="icon-button" aria-label="Close the menu" onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <button
          type="button"
          class="primary large"
          onClick={onClose}
          data-testid="resume-button"
          data-autofocus
        >
          <Icon name="play" /> Back to the game
        </button>
        <div class="menu-grid">
          <MenuButton
            icon="fullscreen"
            label="Fullscreen"
            testId="fullscreen-button"
            onClick={props.onFullscreen}
          />
          <MenuButton
            icon="camera"
            label="Screenshot"
            testId="screenshot-button"
            onClick={() => session.screenshot()}
          />
          <MenuButton
            icon="chart"
            label="Statistics"
            testId="stats-toggle"
            pressed={props.statsOpen}
            onClick={props.onStats}
          />
          <MenuButton
            icon="keyboard"
            label="Keyboard"
            testId="menu-keyboard"
            onClick={props.onKeyboard}
          />
          <MenuButton
            icon="microphone"
            label="Microphone"
            testId="mic-toggle"
            pressed={session.microphoneOn.value}
            onClick={() => session.toggleMicrophone()}
          />
          <MenuButton
            icon="touch"
            label="Touch buttons"
            testId="touch-toggle"
            pressed={touchWanted()}
            onClick={() => setPreferences({ touchOverlay: !touchWanted() })}
          />
        </div>
        <Sound />
        <Section title="Picture">
          <QualityChoices
            onChange={() =>
              session.setQuality({ mode: preferredMode(), bitrate: preferences.value.bitrate })}
          />
        </Section>
        <Section title="Controls">
          <Choice
            label="A finger on the picture is"
            value={preferences.value.touchMode}
            onChange={(touchMode) => setPreferences({ touchMode })}
            options={[
              { value: "touch", label: "Touch", testId: "touch-mode-touch" },
              { value: "mouse", label: "Mouse", testId: "touch-mode-mouse" },
              { value: "trackpad", label: "Trackpad", testId: "touch-mode-trackpad" },
            ]}
          />
          <Choice
            label="Share the clipboard with the game"
            value={preferences.value.shareClipboard}
            onChange={(shareClipboard) => setPreferences({ shareClipboard })}
            options={[{ value: true, label: "Yes" }, { value: false, label: "No" }]}
          />
          <Pads session={session} />
        </Section>
        {info && user && info.owner === user.id && (
          <Section title="Play together">
            <InviteBox sessionId={info.id} />
          </Section>
        )}
        {error && <p class="notice notice-error" role="alert">{error}</p>}
        <footer class="actions">
          <button type="button" onClick={() => navigate("/")} data-testid="leave-button">
            <Icon name="leave" /> Leave
          </button>
          {mayEnd && (
            <button type="button" class="danger" onClick={end} data-testid="end-button">
              <Icon name="stop" /> End game
            </button>
          )}
        </footer>
        <p class="field-hint">Leaving keeps the game running for a while, to go on elsewhere.</p>
      </div>
    </div>
  );
}

function MenuButton(
  { icon, label, testId, pressed, onClick }: {
    icon: IconName;
    label: string;
    testId: string;
    pressed?: boolean;
    onClick: () => void;
  },
) {
  return (
    <button type="button" data-testid={testId} aria-pressed={pressed} onClick={onClick}>
      <Icon name={icon} />
      {label}
    </button>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Sound() {
  const { volume, muted } = preferences.value;
  return (
    <div class="sound">
      <button
        type="button"
        class="icon-button"
        aria-label={muted ? "Sound on" : "Sound off"}
        aria-pressed={muted}
        data-testid="mute-toggle"
        onClick={() => setSound({ muted: !muted })}
      >
        <Icon name={muted ? "silent" : "sound"} />
      </button>
      <input
        type="range"
        min="0"
        max="1"
        step="0.05"
        value={muted ? 0 : volume}
        aria-label="Volume"
        data-testid="volume"
        onInput={(event) => setSound({ volume: event.currentTarget.valueAsNumber, muted: false })}
      />
    </div>
  );
}

function Pads({ session }: { session: PlayerSession }) {
  const reach = session.padsReach.value;
  const pads = connectedPads.value;
  return (
    <ul class="pad-list" data-testid="pad-status">
      {pads.length === 0 && (
        <li class="dim">
          {isSecureContext
            ? "No gamepad: connect one and press a button"
            : "Browsers give gamepads to secure pages only: open the HTTPS address"}
        </li>
      )}
      {pads.map((pad, i) => (
        <li key={pad.index}>
          <Icon name="gamepad" />
          <span>{i + 1}. {pad.id.replace(/\s*\(.*\)\s*$/, "")}</span>
        </li>
      ))}
      {!reach.available && <li class="warn">{reach.reason ?? "Gamepads do not reach this game"}
      </li>}
    </ul>
  );
}
