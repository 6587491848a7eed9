import { useState } from "preact/hooks";
import { Field, Notice } from "../components/controls.tsx";
import { Gong } from "../components/icons.tsx";
import { Stage } from "../components/shell.tsx";
import { api, messageOf } from "../state/api.ts";
import { house, loadHouse } from "../state/house.ts";
import { navigate, route } from "../state/router.ts";

export function LoginPage() {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const login = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await api.login({ name: name.trim(), password });
      await loadHouse();
      // Whoever asked for another page gets it now.
      if (route.value.page === "login") navigate("/", { replace: true });
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  };
  return (
    <Stage>
      <Gong class="gong gong-large" />
      <h1>{house.value?.houseName ?? "Gamelan"}</h1>
      <p class="lead">Sign in to play.</p>
      <form onSubmit={login}>
        <Field
          label="Name"
          testId="login-name"
          value={name}
          onInput={setName}
          autocomplete="username"
          maxLength={40}
          autofocus
          required
        />
        <Field
          label="Password"
          testId="login-password"
          type="password"
          value={password}
          onInput={setPassword}
          autocomplete="current-password"
          maxLength={200}
          required
        />
        {error && <Notice kind="error" testId="login-error">{error}</Notice>}
        <button class="primary large" type="submit" disabled={busy} data-testid="login-submit">
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
      <p class="aside">
        <a href="/trust">Set up this device to trust the house</a>
      </p>
    </Stage>
  );
}
