/** Factory reset: the owner's password and a word to type. */
import { useState } from "preact/hooks";
import { ERASE_WORD } from "../../src/protocol/machine.ts";
import { Field, Notice } from "../components/controls.tsx";
import { Icon } from "../components/icons.tsx";
import { PasswordDialog } from "../components/password_dialog.tsx";
import { machineApi } from "../state/machine_api.ts";

export function ResetPanel() {
  const [asking, setAsking] = useState(false);
  const [word, setWord] = useState("");
  const [started, setStarted] = useState(false);
  return (
    <article class="panel" data-testid="reset">
      <header>
        <h2>
          <Icon name="trash" /> Factory reset
        </h2>
      </header>
      {started
        ? (
          <Notice kind="warning" testId="reset-started">
            The box restarts and erases itself. In some minutes its screen shows a new claim code.
          </Notice>
        )
        : (
          <>
            <p class="hint">
              Erases games, saves, people, keys and settings, as on the first day. The system stays.
              Make a backup before.
            </p>
            <div class="actions">
              <button
                type="button"
                class="danger"
                onClick={() => setAsking(true)}
                data-testid="reset-open"
              >
                Erase this box…
              </button>
            </div>
          </>
        )}
      {asking && (
        <PasswordDialog
          title="Erase everything?"
          action="Erase and restart"
          danger
          ready={word.trim().toLowerCase() === ERASE_WORD}
          onClose={() => setAsking(false)}
          onConfirm={async (password) => {
            await machineApi.factoryReset({ password, word });
            setAsking(false);
            setStarted(true);
          }}
        >
          <Notice kind="warning">
            Games that run end at once. Nobody can bring back what is erased, except from a backup.
          </Notice>
          <Field
            label={`Type the word “${ERASE_WORD}”`}
            testId="reset-word"
            value={word}
            onInput={setWord}
            maxLength={40}
            required
          />
        </PasswordDialog>
      )}
    </article>
  );
}
