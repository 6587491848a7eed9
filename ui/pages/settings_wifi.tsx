/** The box's Wi-Fi: what is in reach, joining and forgetting. */
import { useEffect, useState } from "preact/hooks";
import {
  type NetworkState,
  Passphrase,
  type WifiNetwork,
  type WifiState,
} from "../../src/protocol/machine.ts";
import { Field, Notice } from "../components/controls.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { messageOf } from "../state/api.ts";
import { machineApi } from "../state/machine_api.ts";

const WORDS: Record<WifiState["state"], string> = {
  none: "Not there",
  off: "Switched off",
  connected: "Connected",
  disconnected: "Not connected",
  connecting: "Connecting",
  disconnecting: "Disconnecting",
  roaming: "Connected",
};

export function WifiPanel(
  { network, onChanged }: { network: NetworkState; onChanged: (state: NetworkState) => void },
) {
  const { wifi } = network;
  const [chosen, setChosen] = useState<WifiNetwork>();
  const [error, setError] = useState<string>();
  const usable = wifi.state !== "none" && wifi.state !== "off";
  const scan = () => machineApi.scanWifi().catch((failure) => setError(messageOf(failure)));
  useEffect(() => {
    if (usable) scan();
  }, [usable]);
  const addresses = network.interfaces.filter(({ kind }) => kind === "wifi")
    .flatMap((one) => one.addresses);
  const on = wifi.state === "connected" || wifi.state === "roaming";
  return (
    <article class="panel" data-testid="wifi">
      <header>
        <h2>
          <Icon name="wifi" /> Wi-Fi
        </h2>
        <span class={`dot ${on ? "dot-playing" : "dot-failed"}`}>{WORDS[wifi.state]}</span>
      </header>
      {on && addresses.length > 0 && <p class="game-facts">{addresses.join(", ")}</p>}
      {error && <Notice kind="error" testId="wifi-error">{error}</Notice>}
      {wifi.state === "none" && (
        <p class="hint">This machine has no Wi-Fi, or none that its system knows.</p>
      )}
      {usable && (
        <>
          <ul class="networks" data-testid="wifi-networks">
            {wifi.networks.map((one) => (
              <li key={`${one.ssid}_${one.security}`}>
                <button
                  type="button"
                  onClick={() => setChosen(one)}
                  data-testid={`wifi-${one.ssid}`}
                >
                  <Signal dbm={one.signal} />
                  <span class="network-name">
                    <strong>{one.name}</strong>
                    <span>{describe(one)}</span>
                  </span>
                  {one.security !== "open" && <Icon name="lock" />}
                </button>
              </li>
            ))}
          </ul>
          {wifi.networks.length === 0 && <p class="hint">No network in reach yet.</p>}
          <div class="actions">
            <button type="button" onClick={scan} data-testid="wifi-scan">Look again</button>
          </div>
        </>
      )}
      {chosen && (
        <WifiDialog
          network={chosen}
          onClose={() => setChosen(undefined)}
          onChanged={(state) => {
            setChosen(undefined);
            setError(undefined);
            onChanged(state);
          }}
        />
      )}
    </article>
  );
}

function describe({ connected, known, signal, security }: WifiNetwork): string {
  if (connected) return "Connected";
  if (signal === null) return "Remembered, not in reach";
  if (known) return "Remembered";
  if (security === "open") return "Open to everybody";
  if (security === "psk") return "Wants a passphrase";
  return "Secured in a way this page cannot join";
}

/** Four bars; -50 dbm is next to it, -85 hardly heard. */
function Signal({ dbm }: { dbm: number | null }) {
  const bars = dbm === null ? 0 : Math.min(4, Math.max(1, Math.round((dbm + 92) / 10)));
  return (
    <svg
      class="signal"
      viewBox="0 0 20 16"
      role="img"
      aria-label={dbm === null ? "Not in reach" : `Signal ${bars} of 4`}
    >
      {[0, 1, 2, 3].map((i) => (
        <rect
          key={i}
          x={i * 5}
          y={12 - i * 4}
          width="3.4"
          height={4 + i * 4}
          rx="1"
          class={i < bars ? "on" : ""}
        />
      ))}
    </svg>
  );
}

function WifiDialog(
  { network, onClose, onChanged }: {
    network: WifiNetwork;
    onClose: () => void;
    onChanged: (state: NetworkState) => void;
  },
) {
  const [passphrase, setPassphrase] = useState("");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const { ssid, security, known, connected, signal } = network;
  const joinable = signal !== null && !connected && (security === "psk" || security === "open");
  const asks = joinable && security === "psk";
  const run = async (work: () => Promise<NetworkState>) => {
    setBusy(true);
    setError(undefined);
    try {
      onChanged(await work());
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  };
  const join = (event: Event) => {
    event.preventDefault();
    const given = asks && passphrase !== "" ? passphrase : undefined;
    const checked = Passphrase.optional().safeParse(given);
    if (!checked.success) return setError(checked.error.issues[0].message);
    run(() => machineApi.connectWifi(ssid, given));
  };
  return (
    <Dialog title={network.name} onClose={onClose} testId="wifi-dialog">
      <form onSubmit={join}>
        <p>{describe(network)}.</p>
        {asks && (
          <Field
            label="Passphrase"
            hint={known
              ? "Leave it empty to use the one that is remembered"
              : "8 to 63 characters, as on the router's label"}
            testId="wifi-passphrase"
            type="password"
            value={passphrase}
            onInput={setPassphrase}
            maxLength={63}
            autofocus
            required={!known}
          />
        )}
        {error && <Notice kind="error" testId="wifi-dialog-error">{error}</Notice>}
        <div class="actions">
          {(known || connected) && (security === "psk" || security === "open") && (
            <button
              type="button"
              class="danger"
              disabled={busy}
              onClick={() => run(() => machineApi.forgetWifi(ssid, security))}
              data-testid="wifi-forget"
            >
              Forget
            </button>
          )}
          <button type="button" onClick={onClose}>{joinable ? "Cancel" : "Close"}</button>
          {joinable && (
            <button type="submit" class="primary" disabled={busy} data-testid="wifi-join">
              {busy ? "Joining…" : "Join"}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
