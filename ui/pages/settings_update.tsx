/** The system of an appliance: what runs, what became of the last update, a new one, the way back. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { SystemState } from "../../src/protocol/update.ts";
import { Notice, ProgressBar } from "../components/controls.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { messageOf } from "../state/api.ts";
import { runningSessions } from "../state/house.ts";
import { systemApi } from "../state/system_api.ts";

const LOOK_MS = 5000;

type Step =
  | { at: "idle" }
  | { at: "sending"; share: number }
  | { at: "checking" }
  | { at: "goingBack" };

export function UpdatePanel() {
  const [state, setState] = useState<SystemState>();
  const [step, setStep] = useState<Step>({ at: "idle" });
  const [error, setError] = useState<string>();
  const [file, setFile] = useState<File>();
  const [back, setBack] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const sending = useRef(new AbortController());
  useEffect(() => {
    // While the machine restarts it does not answer: the page waits for it.
    const look = () => systemApi.state().then(setState, () => {});
    look();
    const timer = setInterval(look, LOOK_MS);
    return () => {
      clearInterval(timer);
      sending.current.abort();
    };
  }, []);
  const attempt = async (work: () => Promise<void>) => {
    setError(undefined);
    try {
      await work();
    } catch (failure) {
      if (!sending.current.signal.aborted) setError(messageOf(failure));
      setStep({ at: "idle" });
    }
  };
  const install = (chosen: File, now: boolean) =>
    attempt(async () => {
      setFile(undefined);
      setStep({ at: "sending", share: 0 });
      sending.current = new AbortController();
      const { signal } = sending.current;
      const id = await systemApi.send(chosen, (share) => setStep({ at: "sending", share }), signal);
      setStep({ at: "checking" });
      await systemApi.install(id, now);
      await systemApi.state().then(setState, () => {});
      setStep({ at: "idle" });
    });
  const goBack = () =>
    attempt(async () => {
      setBack(false);
      // Answered when who plays has been warned, of which the state says when it ends.
      setStep({ at: "goingBack" });
      await systemApi.rollback();
    });
  if (!state) return null;
  const { version, trial, other, update, restart, last, failure } = state;
  const goesOn = update !== null && update.phase !== "failed";
  const busy = step.at !== "idle" || restart !== null || goesOn;
  const isOwn = goesOn && update.version === restart?.version;
  // One that has not been started yet could not prove itself.
  const isNew = goesOn && update.version === other?.version;
  return (
    <article class="panel" data-testid="system">
      <header>
        <h2>
          <Icon name="download" /> System
        </h2>
      </header>
      <p data-testid="system-version">
        Version {version} runs{trial && ", on trial"}. {other && !isNew && (other.proven
          ? `Version ${other.version} is kept beside it.`
          : `Version ${other.version} beside it did not prove itself.`)}
      </p>
      {failure && <Notice kind="warning" testId="system-failure">{failure}</Notice>}
      {last && (
        <p class="hint" data-testid="system-last">
          Last update, {new Date(last.at).toLocaleString()}: {last.detail}
        </p>
      )}
      {update && !isOwn && (
        <Notice kind={update.phase === "failed" ? "error" : "info"} testId="system-update">
          {describe(update)}
        </Notice>
      )}
      {restart && (
        <Notice kind="warning" testId="system-restart">
          The box restarts into version {restart.version} <Countdown ms={restart.inMs} />
          ; who plays was told.
        </Notice>
      )}
      {error && <Notice kind="error" testId="system-error">{error}</Notice>}
      {step.at === "sending" && (
        <ProgressBar value={step.share} label="Sent" testId="system-progress" />
      )}
      {step.at === "checking" && <p class="hint" role="status">The update is checked.</p>}
      {step.at === "goingBack" && !restart && (
        <Notice kind="warning">The box goes back and restarts. This page waits for it.</Notice>
      )}
      <input
        ref={input}
        type="file"
        accept=".gamelan-update"
        hidden
        onChange={(event) => {
          setFile(event.currentTarget.files?.[0]);
          event.currentTarget.value = "";
        }}
        data-testid="system-file"
      />
      <div class="actions">
        {step.at === "sending" && (
          <button
            type="button"
            onClick={() => {
              sending.current.abort();
              setStep({ at: "idle" });
            }}
          >
            Cancel
          </button>
        )}
        {(update?.phase === "waiting" || isOwn) && (
          <button
            type="button"
            onClick={() =>
              attempt(async () => setState(await systemApi.cancel()))}
            data-testid="system-cancel"
          >
            Do not install it
          </button>
        )}
        {!busy && (
          <button
            type="button"
            onClick={() => input.current!.click()}
            data-testid="system-choose"
          >
            Update from a file…
          </button>
        )}
        {!busy && other?.proven && (
          <button
            type="button"
            onClick={() => setBack(true)}
            data-testid="system-rollback"
          >
            Go back to {other.version}
          </button>
        )}
      </div>
      {file && (
        <Dialog
          title="Install this update?"
          onClose={() => setFile(undefined)}
        >
          <p>
            {file.name}{" "}
            is sent and checked. The box restarts with it, and takes it back if the Test card does
            not play.
            {runningSessions.value.length > 0 && " Somebody plays now."}
          </p>
          <div class="actions">
            <button
              type="button"
              class="primary"
              onClick={() => install(file, false)}
              data-testid="system-install-idle"
            >
              When nobody plays
            </button>
            <button
              type="button"
              class="danger"
              onClick={() => install(file, true)}
              data-testid="system-install-now"
            >
              Now
            </button>
          </div>
        </Dialog>
      )}
      {back && (
        <Dialog
          title={`Go back to ${other?.version}?`}
          onClose={() => setBack(false)}
        >
          <p>
            The box restarts.{runningSessions.value.length > 0
              ? " Games that run end after two minutes; who plays is warned."
              : ""} Games and saves stay.
          </p>
          <div class="actions">
            <button type="button" onClick={() => setBack(false)}>Cancel</button>
            <button
              type="button"
              class="danger"
              onClick={goBack}
              data-testid="system-rollback-confirm"
            >
              Restart into {other?.version}
            </button>
          </div>
        </Dialog>
      )}
    </article>
  );
}

/** How long still, where it was `ms` when that was said. This device's clock may be another than the box's. */
function Countdown({ ms }: { ms: number }) {
  const [left, setLeft] = useState(ms);
  useEffect(() => {
    const end = performance.now() + ms;
    const look = () => setLeft(Math.max(0, end - performance.now()));
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [ms]);
  const seconds = Math.round(left / 1000);
  if (seconds === 0) return <>now</>;
  return <>in {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, "0")}</>;
}

function describe(update: NonNullable<SystemState["update"]>): string {
  const { version, phase, installed, reason } = update;
  switch (phase) {
    case "waiting":
      if (installed) return `Version ${version} is installed. The box restarts when nobody plays.`;
      return `Version ${version} is installed when nobody plays.`;
    case "installing":
      return `Version ${version} is being installed. The box restarts then.`;
    case "failed":
      return `Version ${version} was not installed: ${reason}`;
  }
}
