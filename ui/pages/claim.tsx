/** First run: the visitor with the claim code becomes the owner. */
import { useState } from "preact/hooks";
import { Field, Notice } from "../components/controls.tsx";
import { Gong } from "../components/icons.tsx";
import { Stage } from "../components/shell.tsx";
import { api, messageOf } from "../state/api.ts";
import { loadHouse } from "../state/house.ts";
import { navigate } from "../state/router.ts";

/** The code of a `#claim=ABCD-EFGH` address, or nothing. */
export function codeInFragment(fragment: string): string {
  const code = new URLSearchParams(fragment.replace(/^#/, "")).get("claim") ?? "";
  return code.slice(0, 40);
}

export function ClaimPage() {
  const [code, setCode] = useState(() => codeInFragment(location.hash));
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const claim = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await api.claim({ code: code.trim().toUpperCase(), name: name.trim(), password });
      await loadHouse();
      navigate("/", { replace: true });
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  };
  return (
    <Stage>
      <Gong class="gong gong-large" />
      <h1>Welcome to Gamelan</h1>
      <p class="lead">
        This machine is new. Claim it with the code it shows, and it is yours.
      </p>
      <form onSubmit={claim}>
        <Field
          label="Claim code"
          hint="Shown in the terminal or on the machine's screen"
          testId="claim-code"
          value={code}
          onInput={setCode}
          placeholder="ABCD-EFGH"
          maxLength={40}
          autofocus={code === ""}
          code
          required
        />
        <Field
          label="Your name"
          testId="claim-name"
          value={name}
          onInput={setName}
          autocomplete="username"
          maxLength={40}
          autofocus={code !== ""}
          required
        />
        <Field
          label="Password"
          hint="At least 8 characters"
          testId="claim-password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="new-password"
          minLength={8}
          maxLength={200}
          required
        />
        {error && <Notice kind="error" testId="claim-error">{error}</Notice>}
        <button class="primary large" type="submit" disabled={busy} data-testid="claim-submit">
          {busy ? "Claiming…" : "Claim this machine"}
        </button>
      </form>
    </Stage>
  );
}
