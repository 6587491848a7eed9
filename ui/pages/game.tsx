/** One game: play it, choose the picture, read about it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { GameInfo } from "../../src/protocol/library.ts";
import { Artwork } from "../components/artwork.tsx";
import { formatBytes, Notice } from "../components/controls.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { InviteBox } from "../components/invite.tsx";
import { QualityChoices } from "../components/quality.tsx";
import { hearsSurround } from "../player/sound_answer.ts";
import { SharingChoice } from "../components/sharing.tsx";
import { api, messageOf } from "../state/api.ts";
import { applyEvent, house, isOwner, library, runningSessions } from "../state/house.ts";
import { preferences, preferredMode } from "../state/preferences.ts";
import { navigate } from "../state/router.ts";
import { NotFoundPage } from "./not_found.tsx";

export function GamePage({ gameId }: { gameId: string }) {
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  // Ahead of Play: the first time, asking the device takes a tenth of a second.
  const surround = useRef(false);
  useEffect(() => {
    const timer = setTimeout(() => surround.current = hearsSurround(), 100);
    return () => clearTimeout(timer);
  }, []);
  const game = library.value?.games.find(({ id }) => id === gameId);
  if (!library.value) return null;
  if (!game) return <NotFoundPage what="This game is not in the library." />;
  const running = runningSessions.value.find((session) =>
    session.gameId === gameId && session.owner === house.value?.user?.id
  );

  const play = async () => {
    setBusy(true);
    setError(undefined);
    try {
      const session = await api.play({
        gameId,
        mode: preferredMode(),
        keyboard: preferences.value.keyboard,
        sharing: preferences.value.sharing,
        surround: surround.current,
      });
      applyEvent({ type: "session", session });
      navigate(`/play/${session.id}`);
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  };
  return (
    <article class="game">
      <div class="game-art">
        <Artwork game={game} />
      </div>
      <div class="game-body">
        <h1>{game.title}</h1>
        <p class="game-facts">
          {game.players > 1 ? `${game.players} players` : "1 player"}
          {game.version && <span>{game.version}</span>}
          {game.signature === "trusted" && <span class="good">Signed</span>}
        </p>
        {game.description && <p class="game-description">{game.description}</p>}
        {error && <Notice kind="error" testId="play-error">{error}</Notice>}
        <div class="actions">
          {running
            ? (
              <a
                class="button primary large"
                href={`/play/${running.id}`}
                data-testid="resume-button"
                data-autofocus
              >
                <Icon name="play" /> Continue
              </a>
            )
            : (
              <button
                class="primary large"
                type="button"
                disabled={busy}
                onClick={play}
                data-testid="play-button"
                data-autofocus
              >
                <Icon name="play" /> {busy ? "Starting…" : "Play"}
              </button>
            )}
          {running && (
            <button
              class="large"
              type="button"
              data-testid="end-button"
              onClick={() => api.endSession(running.id).catch((e) => setError(messageOf(e)))}
            >
              <Icon name="stop" /> End game
            </button>
          )}
        </div>
        <section class="panel">
          <h2>Picture</h2>
          <QualityChoices />
        </section>
        <section class="panel">
          <h2>Play together</h2>
          <SharingChoice session={running} />
          {running && <InviteBox sessionId={running.id} />}
        </section>
        <section class="panel">
          <h2>Details</h2>
          <Details game={game} />
          {isOwner.value && game.kind === "package" && (
            <button
              class="quiet danger"
              type="button"
              onClick={() => setRemoving(true)}
            >
              <Icon name="trash" /> Remove from the library
            </button>
          )}
        </section>
      </div>
      {removing && <RemoveDialog game={game} onClose={() => setRemoving(false)} />}
    </article>
  );
}

function Details({ game }: { game: GameInfo }) {
  const wants = {
    network: "Network",
    gpu: "Graphics card",
    x11: "X11",
    evdev: "Keyboard and mouse by evdev",
  };
  const rows: [string, string][] = [
    ["Source", game.kind === "testcard" ? "Built in" : game.source],
    ["Version", game.version],
    ["Licence", game.license],
    ["Size", game.bytes > 0 ? formatBytes(game.bytes) : ""],
    ["Signature", game.kind === "testcard" ? "" : game.signature],
    ["Needs", game.wants.map((want) => wants[want]).join(", ")],
  ];
  return (
    <dl class="details">
      {rows.filter(([, value]) => value !== "").map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function RemoveDialog({ game, onClose }: { game: GameInfo; onClose: () => void }) {
  const [error, setError] = useState<string>();
  const remove = async () => {
    try {
      await api.removeGame(game.id);
      navigate("/", { replace: true });
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  return (
    <Dialog title={`Remove ${game.title}?`} onClose={onClose}>
      <p>The game leaves this machine. What was saved in it stays.</p>
      {error && <Notice kind="error">{error}</Notice>}
      <div class="actions">
        <button type="button" onClick={onClose}>Keep it</button>
        <button type="button" class="danger" onClick={remove}>Remove</button>
      </div>
    </Dialog>
  );
}
