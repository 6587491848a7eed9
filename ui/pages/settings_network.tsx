/** The box's network: its cable, its Wi-Fi. */
import { useEffect, useState } from "preact/hooks";
import type { NetworkState } from "../../src/protocol/machine.ts";
import { Notice, Spinner } from "../components/controls.tsx";
import { messageOf } from "../state/api.ts";
import { machineApi } from "../state/machine_api.ts";
import { WifiPanel } from "./settings_wifi.tsx";
import { WiredPanel } from "./settings_wired.tsx";

const LOOK_MS = 5000;

export function NetworkSettings() {
  const [network, setNetwork] = useState<NetworkState>();
  const [error, setError] = useState<string>();
  const load = () =>
    machineApi.network().then((state) => {
      setNetwork(state);
      setError(undefined);
    }, (failure) => setError(messageOf(failure)));
  useEffect(() => {
    load();
    const timer = setInterval(load, LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  const wired = network?.interfaces.filter(({ kind }) => kind === "wired") ?? [];
  return (
    <>
      {error && <Notice kind="error">{error}</Notice>}
      {!network && !error && <Spinner label="Looking at the network" />}
      {wired.map((one) => (
        <WiredPanel key={one.name} wired={one} pending={network!.pending} onChanged={load} />
      ))}
      {network && <WifiPanel network={network} onChanged={setNetwork} />}
    </>
  );
}
