/** Asks for the password once more before something that matters. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { messageOf } from "../state/api.ts";
import { Field, Notice } from "./controls.tsx";
import { Dialog } from "./dialog.tsx";

export function PasswordDialog(
  { title, action, danger, children, ready = true, onConfirm, onClose }: {
    title: string;
    /** What the button says. */
    action: string;
    danger?: boolean;
    children: ComponentChildren;
    /** Whether the rest of the form is filled in. */
    ready?: boolean;
    /** Its failure is shown here. */
    onConfirm: (password: string) => Promise<void>;
    onClose: () => void;
  },
) {
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const confirm = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm(password);
    } catch (failure) {
      setError(messageOf(failure));
    }
    setBusy(false);
  };
  return (
    <Dialog title={title} onClose={onClose} testId="password-dialog">
      <form onSubmit={confirm}>
        {children}
        <Field
          label="Your password"
          testId="confirm-password"
          type="password"
          autocomplete="current-password"
          value={password}
          onInput={setPassword}
          maxLength={200}
          autofocus
          required
        />
        {error && <Notice kind="error" testId="confirm-error">{error}</Notice>}
        <div class="actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button
            type="submit"
            class={danger ? "danger" : "primary"}
            disabled={busy || !ready || password === ""}
            data-testid="confirm-submit"
          >
            {busy ? "One moment…" : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
