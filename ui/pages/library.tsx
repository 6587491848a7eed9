/** The library: what to go on with, what to play, what is being imported. */
import { useState } from "preact/hooks";
import type { GameInfo, ImportJob } from "../../src/protocol/library.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { Artwork } from "../components/artwork.tsx";
import { Notice, ProgressBar, Spinner } from "../components/controls.tsx";
import { Gong, Icon } from "../components/icons.tsx";
import { api, messageOf } from "../state/api.ts";
import { applyEvent, isOwner, library, online, partIn, runningSessions } from "../state/house.ts";

export function LibraryPage() {
  const state = library.value;
  if (!state) {
    return (
      <div class="filler">
        {online.value ? <Spinner label="Loading the library" /> : (
          <>
            <Icon name="offline" />
            <h1>The house is not answering</h1>
            <p>Check that the Gamelan machine is on and that this device is in its network.</p>
          </>
        )}
      </div>
    );
  }
  const imports = state.imports.filter((job) => job.state !== "done");
  const own = runningSessions.value.filter((session) => partIn(session) === "own");
  const others = runningSessions.value.filter((session) => partIn(session) !== "own");
  return (
    <div class="library" data-testid="library">
      <RunningRow title="Continue playing" sessions={own} games={state.games} />
      <RunningRow title="In the house" sessions={others} games={state.games} />
      <section aria-labelledby="games">
        <h2 id="games">Games</h2>
        {state.games.length === 0 ? <EmptyLibrary /> : (
          <div class="tiles">
            {state.games.map((game, i) => <GameTile key={game.id} game={game} first={i === 0} />)}
          </div>
        )}
      </section>
      {(isOwner.value || imports.length > 0) && (
        <section class="imports" aria-labelledby="imports">
          <h2 id="imports">Add a game from Debian</h2>
          {isOwner.value && <ImportBox />}
          {imports.map((job) => <ImportRow key={job.id} job={job} />)}
        </section>
      )}
    </div>
  );
}

function GameTile({ game, first }: { game: GameInfo; first: boolean }) {
  return (
    <a
      class="tile"
      href={`/games/${game.id}`}
      data-testid={`game-tile-${game.id}`}
      data-autofocus={first ? "" : undefined}
    >
      <Artwork game={game} />
      <span class="tile-title" title={game.title}>{game.title}</span>
      {game.players > 1 && <span class="tile-badge">{game.players} players</span>}
    </a>
  );
}

function RunningRow(
  { title, sessions, games }: { title: string; sessions: SessionInfo[]; games: GameInfo[] },
) {
  if (sessions.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <div class="row">
        {sessions.map((session) => (
          <RunningTile
            key={session.id}
            session={session}
            games={games}
          />
        ))}
      </div>
    </section>
  );
}

function RunningTile({ session, games }: { session: SessionInfo; games: GameInfo[] }) {
  const part = partIn(session);
  const game = games.find(({ id }) => id === session.gameId) ??
    { id: session.gameId, title: session.title, kind: "package" as const };
  const content = (
    <>
      <span class="running-art">
        <Artwork game={game} />
      </span>
      <span class="running-text">
        <strong>{session.title}</strong>
        <span class={`dot dot-${session.state}`}>
          {part === "own" ? describeState(session) : describeOther(session, part)}
        </span>
      </span>
    </>
  );
  if (part === null) {
    return (
      <div class="running" data-testid={`session-${session.id}`}>
        {content}
        <button
          type="button"
          class="icon-button"
          aria-label={`End ${session.title} of ${session.ownerName}`}
          onClick={() => api.endSession(session.id).catch(() => {})}
        >
          <Icon name="stop" />
        </button>
      </div>
    );
  }
  return (
    <a class="running" href={`/play/${session.id}`} data-testid={`session-${session.id}`}>
      {content}
      <span class="running-go">
        <Icon name={part === "watch" ? "people" : "play"} />
      </span>
    </a>
  );
}

function describeOther({ ownerName }: SessionInfo, part: "join" | "watch" | null): string {
  if (part === null) return `${ownerName} plays`;
  return part === "watch" ? `Watch ${ownerName}` : `Join ${ownerName}`;
}

/** A session's state in a few words. */
function describeState(session: SessionInfo): string {
  switch (session.state) {
    case "starting":
      return "Starting";
    case "playing":
      if (session.viewers === 0) return "Playing";
      return session.viewers === 1
        ? "Playing on one screen"
        : `Playing on ${session.viewers} screens`;
    case "unwatched":
      return "Waiting for you";
    case "ending":
      return "Ending";
    case "ended":
      return "Ended";
    case "failed":
      return "Failed";
  }
}

function EmptyLibrary() {
  return (
    <div class="empty" data-testid="library-empty">
      <Gong class="gong gong-large" />
      <h3>No games yet</h3>
      <p>
        {isOwner.value
          ? "Import one from Debian below. It takes about a minute."
          : "The owner of this house has not added a game yet."}
      </p>
    </div>
  );
}

/** The names of Debian packages (Debian Policy 5.6.7). */
const PACKAGE_NAME = /^[a-z0-9][a-z0-9+.-]+$/;

const SUGGESTIONS = ["supertux", "chromium-bsu", "neverball", "armagetronad"];

function ImportBox() {
  const [source, setSource] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const start = async (wanted: string) => {
    if (wanted.trim() === "") return;
    const name = wanted.trim().toLowerCase().replace(/^deb:\s*/, "");
    if (!PACKAGE_NAME.test(name)) {
      setError(
        `“${wanted.trim()}” is no name of a Debian package. Those are of small letters, digits ` +
          "and + - . such as supertux. Other games are imported on the machine: gamelan games " +
          "import --help.",
      );
      return;
    }
    setBusy(true);
    setError(undefined);
    try {
      const job = await api.importGame(`deb:${name}`);
      applyEvent({ type: "import", job });
      setSource("");
    } catch (failure) {
      setError(messageOf(failure));
    }
    setBusy(false);
  };
  const known = new Set(library.value?.games.map((game) => game.source));
  const suggestions = SUGGESTIONS.filter((name) => !known.has(`deb:${name}`));
  return (
    <form
      class="import-box"
      onSubmit={(event) => {
        event.preventDefault();
        start(source);
      }}
    >
      <label class="import-field">
        <span class="visually-hidden">Debian package</span>
        <Icon name="download" />
        <input
          data-testid="import-source"
          value={source}
          onInput={(event) => setSource(event.currentTarget.value)}
          placeholder="Such as supertux"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={100}
        />
      </label>
      <button class="primary" type="submit" disabled={busy} data-testid="import-submit">
        Import
      </button>
      {suggestions.length > 0 && (
        <div class="suggestions" aria-label="Suggestions">
          {suggestions.map((name) => (
            <button
              key={name}
              type="button"
              disabled={busy}
              onClick={() => start(name)}
            >
              {name}
            </button>
          ))}
        </div>
      )}
      {error && <Notice kind="error" testId="import-error">{error}</Notice>}
    </form>
  );
}

function ImportRow({ job }: { job: ImportJob }) {
  // A package from a stick is a file of the box.
  const name = job.source.replace(/^deb:|^.*\//, "");
  const failed = job.state === "failed";
  return (
    <div class={`import-row${failed ? " failed" : ""}`}>
      <div class="import-row-text">
        <strong>{name}</strong>
        <span>{failed ? job.error ?? "The import failed." : job.step}</span>
        {!failed && <span class="import-percent">{Math.round(job.progress * 100)} %</span>}
      </div>
      <ProgressBar
        value={job.progress}
        label={`Import of ${name}`}
        testId={`import-progress-${job.id}`}
      />
    </div>
  );
}
