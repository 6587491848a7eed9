/** Someone came by an invitation link; the token is in the fragment, so that it reaches no log. */
import { useState } from "preact/hooks";
import { Field, Notice } from "../components/controls.tsx";
import { Gong } from "../components/icons.tsx";
import { Stage } from "../components/shell.tsx";
import { api, messageOf } from "../state/api.ts";
import { house, loadHouse } from "../state/house.ts";
import { navigate } from "../state/router.ts";

export function JoinPage() {
  const [name, setName] = useState(house.value?.user?.name ?? "");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const token = location.hash.slice(1);

  const join = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const session = await api.join(token, name.trim() || "Guest");
      await loadHouse();
      navigate(`/play/${session.id}`, { replace: true });
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  };
  return (
    <Stage>
      <Gong class="gong gong-large" />
      <h1>You are invited</h1>
      {token === ""
        ? (
          <Notice kind="warning">
            This link is not complete. Ask for it again, or scan the QR code.
          </Notice>
        )
        : (
          <>
            <p class="lead">Join the game that is running in this house.</p>
            <form onSubmit={join}>
              <Field
                label="Your name"
                testId="join-name"
                value={name}
                onInput={setName}
                maxLength={40}
                placeholder="Guest"
                autofocus
              />
              {error && <Notice kind="error" testId="join-error">{error}</Notice>}
              <button class="primary large" type="submit" disabled={busy} data-testid="join-submit">
                {busy ? "Joining…" : "Join"}
              </button>
            </form>
          </>
        )}
    </Stage>
  );
}
