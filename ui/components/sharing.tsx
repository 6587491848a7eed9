/** What housemates may do in one's session: now, where it runs, and in the next ones. */
import { useState } from "preact/hooks";
import type { SessionInfo, Sharing } from "../../src/protocol/session.ts";
import { api, messageOf } from "../state/api.ts";
import { applyEvent } from "../state/house.ts";
import { preferences, setPreferences } from "../state/preferences.ts";
import { Choice, Notice } from "./controls.tsx";

const OPTIONS: { value: Sharing; label: string; testId: string }[] = [
  { value: "private", label: "Nothing", testId: "sharing-private" },
  { value: "watch", label: "Watch", testId: "sharing-watch" },
  { value: "join", label: "Play along", testId: "sharing-join" },
];

export function SharingChoice({ session }: { session?: SessionInfo }) {
  const [error, setError] = useState<string>();
  const change = async (sharing: Sharing) => {
    setError(undefined);
    setPreferences({ sharing });
    if (!session) return;
    try {
      applyEvent({ type: "session", session: await api.share(session.id, sharing) });
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  return (
    <>
      <Choice
        label="Housemates may"
        options={OPTIONS}
        value={session?.sharing ?? preferences.value.sharing}
        onChange={change}
      />
      {error && <Notice kind="error">{error}</Notice>}
    </>
  );
}
