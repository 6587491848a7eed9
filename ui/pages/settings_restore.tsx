/** Bringing a backup back: choose the file, look what it holds, choose parts, restart into it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { BackupContent, BackupPart } from "../../src/protocol/machine.ts";
import { Notice, ProgressBar } from "../components/controls.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { PartList } from "../components/part_list.tsx";
import { PasswordDialog } from "../components/password_dialog.tsx";
import { ApiFailure, messageOf } from "../state/api.ts";
import { loadHouse, runningSessions } from "../state/house.ts";
import { machineApi, uploadPieces } from "../state/machine_api.ts";

const LOOK_MS = 1500;

type Step =
  | { at: "file" }
  | { at: "sending"; share: number }
  | { at: "parts"; id: string; content: BackupContent }
  | { at: "restarting"; seconds: number }
  | { at: "done" };

export function RestorePanel() {
  const [file, setFile] = useState<File>();
  const [step, setStep] = useState<Step>({ at: "file" });
  const [error, setError] = useState<string>();
  const [parts, setParts] = useState<BackupPart[]>([]);
  const [sure, setSure] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const sending = useRef(new AbortController());
  useEffect(() => () => sending.current.abort(), []);
  const failed = (failure: unknown) => {
    setError(messageOf(failure));
    setStep({ at: "file" });
  };
  const send = async (chosen: File, password: string) => {
    const upload = await machineApi.beginUpload({ password, bytes: chosen.size });
    setFile(undefined);
    setStep({ at: "sending", share: 0 });
    sending.current = new AbortController();
    try {
      const { signal } = sending.current;
      await uploadPieces(upload, chosen, (share) => setStep({ at: "sending", share }), signal);
      const content = await machineApi.backupContent(upload.id);
      setParts(content.parts.map(({ name }) => name));
      setStep({ at: "parts", id: upload.id, content });
    } catch (failure) {
      failed(failure);
    }
  };
  const restore = async (id: string) => {
    setSure(false);
    try {
      const { run } = await machineApi.restoreOutcome();
      const { seconds } = await machineApi.restore(id, parts);
      setStep({ at: "restarting", seconds });
      await back(run);
      setStep({ at: "done" });
    } catch (failure) {
      failed(failure);
    }
  };
  return (
    <article class="panel" data-testid="restore">
      <header>
        <h2>
          <Icon name="upload" /> Bring a backup back
        </h2>
      </header>
      {error && <Notice kind="error" testId="restore-error">{error}</Notice>}
      {step.at === "file" && (
        <div class="actions">
          <input
            ref={input}
            type="file"
            hidden
            onChange={(event) => {
              setError(undefined);
              setFile(event.currentTarget.files?.[0]);
              event.currentTarget.value = "";
            }}
            data-testid="restore-file"
          />
          <button type="button" onClick={() => input.current!.click()} data-testid="restore-choose">
            Choose a file…
          </button>
        </div>
      )}
      {step.at === "sending" && (
        <>
          <p class="hint" role="status">Sending the file</p>
          <ProgressBar value={step.share} label="Sent" testId="restore-progress" />
          <div class="actions">
            <button type="button" onClick={() => sending.current.abort()}>Cancel</button>
          </div>
        </>
      )}
      {step.at === "parts" && (
        <>
          <p class="hint" data-testid="restore-content">
            Of {step.content.host}, {new Date(step.content.createdAt).toLocaleString()}, Gamelan
            {" "}
            {step.content.gamelan}
          </p>
          <PartList
            chosen={parts}
            onChange={setParts}
            sizes={new Map(step.content.parts.map(({ name, bytes }) => [name, bytes]))}
            testId="restore-part"
          />
          <div class="actions">
            <button
              type="button"
              class="primary"
              disabled={parts.length === 0}
              onClick={() => setSure(true)}
              data-testid="restore-start"
            >
              Bring back
            </button>
            <button type="button" onClick={() => setStep({ at: "file" })}>Cancel</button>
          </div>
        </>
      )}
      {step.at === "restarting" && (
        <Notice kind="warning" testId="restore-restarting">
          The house restarts{" "}
          {step.seconds > 5 ? `in ${step.seconds} s; who plays is warned` : "now"}. This page waits
          for it.
        </Notice>
      )}
      {step.at === "done" && <Notice kind="info" testId="restore-done">The backup is back.</Notice>}
      {file && (
        <PasswordDialog
          title="Bring a backup back"
          action="Send it"
          onClose={() => setFile(undefined)}
          onConfirm={(password) => send(file, password)}
        >
          <p>
            {file.name} is sent to the house and looked at. Nothing changes before you say so.
          </p>
        </PasswordDialog>
      )}
      {sure && step.at === "parts" && (
        <Dialog
          title="Restart into the backup?"
          onClose={() => setSure(false)}
        >
          <p>
            What the house has now of these parts is put aside, not erased.
            {runningSessions.value.length > 0 &&
              " Games that run end after half a minute; who plays is warned."}
            {parts.includes("users") && " Everybody signs in again, with the backup's passwords."}
          </p>
          <div class="actions">
            <button type="button" onClick={() => setSure(false)}>Cancel</button>
            <button
              type="button"
              class="danger"
              onClick={() => restore(step.id)}
              data-testid="restore-confirm"
            >
              Restart into it
            </button>
          </div>
        </Dialog>
      )}
    </article>
  );
}

/** Resolves when another run of the house answers; who is signed out by then sees the sign-in page. */
async function back(before: string): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    try {
      const { run, failure } = await machineApi.restoreOutcome();
      if (run === before) continue;
      if (failure !== null) throw new Error(`The backup was not restored: ${failure}`);
      break;
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      if (error.error === "unauthorized") break;
    }
  }
  await loadHouse().catch(() => {});
}
