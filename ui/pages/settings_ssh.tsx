/** Who may come in by SSH. */
import { useEffect, useState } from "preact/hooks";
import type { SshKey } from "../../src/protocol/machine.ts";
import { Field, Notice } from "../components/controls.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { messageOf } from "../state/api.ts";
import { machineApi } from "../state/machine_api.ts";

export function SshPanel() {
  const [keys, setKeys] = useState<SshKey[]>();
  const [error, setError] = useState<string>();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<SshKey>();
  const failed = (failure: unknown) => setError(messageOf(failure));
  useEffect(() => void machineApi.sshKeys().then(({ keys }) => setKeys(keys), failed), []);
  const remove = (key: SshKey) => {
    setRemoving(undefined);
    machineApi.removeSshKey(key.fingerprint).then(({ keys }) => setKeys(keys), failed);
  };
  const on = keys !== undefined && keys.length > 0;
  return (
    <article class="panel" data-testid="ssh">
      <header>
        <h2>
          <Icon name="key" /> SSH
        </h2>
        {keys && <span class={`dot ${on ? "dot-playing" : "dot-failed"}`}>{on ? "On" : "Off"}
        </span>}
      </header>
      <p class="hint">
        {on
          ? `ssh root@${location.hostname}, with one of these keys. There is no password.`
          : "Off until there is a key. With one you can look into the machine, and update many."}
      </p>
      {error && <Notice kind="error">{error}</Notice>}
      {on && (
        <ul class="people" data-testid="ssh-keys">
          {keys.map((key) => (
            <li key={key.fingerprint}>
              <span class="person">
                <strong>{key.comment || key.type}</strong>
                <span class="fingerprint">{key.fingerprint}</span>
              </span>
              <button
                type="button"
                class="icon-button"
                aria-label={`Remove ${key.comment || key.fingerprint}`}
                onClick={() => setRemoving(key)}
              >
                <Icon name="trash" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <div class="actions">
        <button type="button" onClick={() => setAdding(true)} data-testid="ssh-add">
          <Icon name="plus" /> Add a key
        </button>
      </div>
      {adding && (
        <AddDialog
          onClose={() => setAdding(false)}
          onAdded={(next) => {
            setAdding(false);
            setKeys(next);
          }}
        />
      )}
      {removing && (
        <Dialog title="Remove this key?" onClose={() => setRemoving(undefined)}>
          <p>
            Whoever has {removing.comment || "it"} can no longer come in.
            {keys?.length === 1 && " It is the last one: SSH goes off."}
          </p>
          <div class="actions">
            <button type="button" onClick={() => setRemoving(undefined)}>Keep</button>
            <button
              type="button"
              class="danger"
              onClick={() => remove(removing)}
              data-testid="ssh-remove"
            >
              Remove
            </button>
          </div>
        </Dialog>
      )}
    </article>
  );
}

function AddDialog(
  { onClose, onAdded }: { onClose: () => void; onAdded: (keys: SshKey[]) => void },
) {
  const [key, setKey] = useState("");
  const [error, setError] = useState<string>();
  const add = async (event: Event) => {
    event.preventDefault();
    try {
      onAdded((await machineApi.addSshKey(key)).keys);
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  return (
    <Dialog title="Add an SSH key" onClose={onClose} testId="ssh-dialog">
      <form onSubmit={add}>
        <Field
          label="Public key"
          hint="The line in a file such as ~/.ssh/id_ed25519.pub"
          testId="ssh-key"
          value={key}
          onInput={setKey}
          maxLength={4096}
          placeholder="ssh-ed25519 AAAA… you@laptop"
          autofocus
          required
        />
        {error && <Notice kind="error" testId="ssh-error">{error}</Notice>}
        <div class="actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" data-testid="ssh-submit">Add</button>
        </div>
      </form>
    </Dialog>
  );
}
