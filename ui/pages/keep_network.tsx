/** The box at its new address: opening this page keeps the change. */
import { useEffect, useState } from "preact/hooks";
import { Notice, Spinner } from "../components/controls.tsx";
import { Gong } from "../components/icons.tsx";
import { Stage } from "../components/shell.tsx";
import { messageOf } from "../state/api.ts";
import { machineApi } from "../state/machine_api.ts";

export function KeepNetworkPage() {
  const [state, setState] = useState<"asking" | "kept" | string>("asking");
  useEffect(() => {
    machineApi.keepWired(location.hash.slice(1)).then(
      () => setState("kept"),
      (failure) => setState(messageOf(failure)),
    );
  }, []);
  return (
    <Stage>
      <Gong class="gong gong-large" />
      {state === "asking" ? <Spinner label="Keeping the new address" /> : state === "kept"
        ? (
          <>
            <h1>The new address is kept</h1>
            <p class="lead">From now on the house is found here.</p>
          </>
        )
        : <Notice kind="error" testId="keep-error">{state}</Notice>}
      <a class="button primary large" href="/settings/network" data-testid="keep-done">
        To the house
      </a>
    </Stage>
  );
}
