/** Backup of the house to this device, and back. */
import { useEffect, useState } from "preact/hooks";
import type { BackupJob, BackupPart } from "../../src/protocol/machine.ts";
import { formatBytes, Notice, Spinner } from "../components/controls.tsx";
import { Icon } from "../components/icons.tsx";
import { PartList, partTitles } from "../components/part_list.tsx";
import { PasswordDialog } from "../components/password_dialog.tsx";
import { messageOf } from "../state/api.ts";
import { backupUrl, machineApi } from "../state/machine_api.ts";
import { RestorePanel } from "./settings_restore.tsx";

const LOOK_MS = 700;
/** Games can be imported again, and are large. */
const USUAL: BackupPart[] = ["config", "users", "identity", "saves"];

export function BackupSettings() {
  return (
    <>
      <MakePanel />
      <RestorePanel />
    </>
  );
}

function MakePanel() {
  const [parts, setParts] = useState<BackupPart[]>(USUAL);
  const [asking, setAsking] = useState(false);
  const [job, setJob] = useState<BackupJob>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    if (job?.state !== "packing") return;
    const timer = setInterval(() => {
      machineApi.backup(job.id).then(setJob, (failure) => {
        setError(messageOf(failure));
        setJob(undefined);
      });
    }, LOOK_MS);
    return () => clearInterval(timer);
  }, [job?.id, job?.state]);
  return (
    <article class="panel" data-testid="backup">
      <header>
        <h2>
          <Icon name="download" /> Make a backup
        </h2>
      </header>
      <PartList chosen={parts} onChange={setParts} testId="backup-part" />
      <p class="hint">
        The file holds keys and password hashes: keep it as you keep a password.
      </p>
      {error && <Notice kind="error" testId="backup-error">{error}</Notice>}
      {job?.state === "failed" && <Notice kind="error" testId="backup-error">{job.reason}</Notice>}
      {job?.state === "packing" && (
        <p class="hint" role="status">
          <Spinner label="Packing" />
          Packing {job.part ? partTitles[job.part].toLowerCase() : ""}
        </p>
      )}
      <div class="actions">
        {job?.state === "ready" && (
          <a
            class="button primary"
            href={backupUrl(job.id)}
            download=""
            data-testid="backup-download"
          >
            <Icon name="download" /> Download {formatBytes(job.bytes ?? 0)}
          </a>
        )}
        <button
          type="button"
          class={job?.state === "ready" ? "" : "primary"}
          disabled={parts.length === 0 || job?.state === "packing"}
          onClick={() => setAsking(true)}
          data-testid="backup-start"
        >
          {job?.state === "ready" ? "Pack anew" : "Pack it"}
        </button>
      </div>
      {asking && (
        <PasswordDialog
          title="Make a backup"
          action="Pack it"
          onClose={() => setAsking(false)}
          onConfirm={async (password) => {
            setError(undefined);
            setJob(await machineApi.startBackup({ password, parts }));
            setAsking(false);
          }}
        >
          <p>It holds what lets its owner be this house.</p>
        </PasswordDialog>
      )}
    </article>
  );
}
