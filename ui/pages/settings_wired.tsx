/** A wired interface: how it stands, and DHCP or a fixed address, tried before it is kept. */
import { useEffect, useState } from "preact/hooks";
import type { NetworkInterface, NetworkState, WiredSetting } from "../../src/protocol/machine.ts";
import { WiredSetting as Setting } from "../../src/protocol/machine.ts";
import { Choice, Field, Notice } from "../components/controls.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { messageOf } from "../state/api.ts";
import { machineApi } from "../state/machine_api.ts";

/** What this page has changed and may keep. */
interface Trial {
  name: string;
  token: string;
  until: number;
  /** Where the page is at the new address; absent with DHCP. */
  link?: string;
}

export function WiredPanel(
  { wired, pending, onChanged }: {
    wired: NetworkInterface;
    pending: NetworkState["pending"];
    onChanged: () => void;
  },
) {
  const [editing, setEditing] = useState(false);
  const [trial, setTrial] = useState<Trial>();
  const fixed = wired.setting?.method === "fixed";
  return (
    <article class="panel" data-testid={`wired-${wired.name}`}>
      <header>
        <h2>
          <Icon name="cable" /> Cable
        </h2>
        <span class={`dot ${wired.up ? "dot-playing" : "dot-failed"}`}>
          {wired.up ? "Connected" : "No cable"}
        </span>
      </header>
      <dl class="facts">
        <Fact title="Address" values={wired.addresses} none="none yet" />
        <Fact title="Router" values={wired.gateway ? [wired.gateway] : []} none="none" />
        <Fact title="Set by" values={[fixed ? "you: a fixed address" : "the router (DHCP)"]} />
        <Fact
          title="Interface"
          values={[
            wired.name + (wired.speed ? `, ${wired.speed} Mbit/s` : ""),
            wired.mac,
          ]}
        />
      </dl>
      {trial
        ? <TrialNotice trial={trial} onOver={() => setTrial(undefined)} onChanged={onChanged} />
        : pending?.name === wired.name && (
          <Notice kind="warning">
            A change is being tried. It goes back by itself unless it is kept from where it was
            made.
          </Notice>
        )}
      <div class="actions">
        <button
          type="button"
          onClick={() => setEditing(true)}
          disabled={trial !== undefined}
          data-testid={`wired-edit-${wired.name}`}
        >
          Change address
        </button>
      </div>
      {editing && (
        <WiredDialog
          wired={wired}
          onClose={() => setEditing(false)}
          onTried={(next) => {
            setEditing(false);
            setTrial(next);
            onChanged();
          }}
        />
      )}
    </article>
  );
}

function Fact({ title, values, none }: { title: string; values: string[]; none?: string }) {
  return (
    <div>
      <dt>{title}</dt>
      {values.map((value) => <dd key={value}>{value}</dd>)}
      {values.length === 0 && <dd class="none">{none}</dd>}
    </div>
  );
}

function TrialNotice(
  { trial, onOver, onChanged }: { trial: Trial; onOver: () => void; onChanged: () => void },
) {
  const [now, setNow] = useState(Date.now());
  const [error, setError] = useState<string>();
  const left = Math.max(0, Math.ceil((trial.until - now) / 1000));
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (left > 0) return;
    onChanged();
    onOver();
  }, [left === 0]);
  const keep = () =>
    machineApi.keepWired(trial.token).then(() => {
      onChanged();
      onOver();
    }, (failure) => setError(messageOf(failure)));
  return (
    <div class="trial" role="status" data-testid="wired-trial">
      <p>
        <strong>The new address is in use.</strong> Keep it within {left}{" "}
        s, or it goes back by itself.
      </p>
      {error && <Notice kind="error">{error}</Notice>}
      <div class="actions">
        <button type="button" class="primary" onClick={keep} data-testid="wired-keep">
          Keep it
        </button>
        {trial.link && (
          <a class="button" href={trial.link} data-testid="wired-link">
            Open it at the new address
          </a>
        )}
      </div>
    </div>
  );
}

function WiredDialog(
  { wired, onClose, onTried }: {
    wired: NetworkInterface;
    onClose: () => void;
    onTried: (trial: Trial) => void;
  },
) {
  const now = wired.setting?.method === "fixed" ? wired.setting : undefined;
  const ipv4 = wired.addresses.find((one) => !one.includes(":"))?.split("/");
  const [method, setMethod] = useState<WiredSetting["method"]>(wired.setting?.method ?? "dhcp");
  const [address, setAddress] = useState(now?.address ?? ipv4?.[0] ?? "");
  const [prefix, setPrefix] = useState(String(now?.prefix ?? ipv4?.[1] ?? 24));
  const [gateway, setGateway] = useState(now?.gateway ?? wired.gateway ?? "");
  const [dns, setDns] = useState(now?.dns.join(" ") ?? wired.gateway ?? "");
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);
  const change = async (event: Event) => {
    event.preventDefault();
    const setting = Setting.safeParse(
      method === "dhcp" ? { method } : {
        method,
        address: address.trim(),
        prefix: /^\d+$/.test(prefix.trim()) ? Number(prefix) : NaN,
        gateway: gateway.trim(),
        dns: dns.split(/[\s,]+/).filter((one) => one !== ""),
      },
    );
    if (!setting.success) {
      const [issue] = setting.error.issues;
      setError(`${FIELDS[String(issue.path[0])] ?? "Setting"}: ${issue.message}`);
      return;
    }
    setBusy(true);
    try {
      const changed = await machineApi.changeWired(wired.name, setting.data);
      const { protocol, port } = location;
      const at = `${protocol}//${changed.address}${port ? `:${port}` : ""}`;
      const link = changed.address ? `${at}/keep-network#${changed.token}` : undefined;
      // By this machine's clock: the box's may be another.
      onTried({ name: wired.name, token: changed.token, until: Date.now() + 58_000, link });
    } catch (failure) {
      setError(messageOf(failure));
      setBusy(false);
    }
  };
  return (
    <Dialog title="Address of the cable" onClose={onClose} testId="wired-dialog">
      <form onSubmit={change}>
        <Choice
          label="Comes from"
          value={method}
          onChange={setMethod}
          options={[
            { value: "dhcp", label: "The router", testId: "wired-dhcp" },
            { value: "fixed", label: "Fixed", testId: "wired-fixed" },
          ]}
        />
        {method === "fixed" && (
          <>
            <Field label="Address" testId="wired-address" value={address} onInput={setAddress} />
            <Field
              label="Length of the network's part"
              hint="24 stands for 255.255.255.0"
              testId="wired-prefix"
              value={prefix}
              onInput={setPrefix}
              maxLength={2}
            />
            <Field label="Router" testId="wired-gateway" value={gateway} onInput={setGateway} />
            <Field
              label="DNS servers"
              hint="Up to three, with spaces between"
              testId="wired-dns"
              value={dns}
              onInput={setDns}
            />
          </>
        )}
        <Notice kind="info">
          The change is tried for a minute. Unless you keep it, everything goes back.
        </Notice>
        {error && <Notice kind="error" testId="wired-error">{error}</Notice>}
        <div class="actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" disabled={busy} data-testid="wired-submit">
            {busy ? "Trying…" : "Try it"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const FIELDS: Record<string, string> = {
  address: "Address",
  prefix: "Length of the network's part, 1 to 30",
  gateway: "Router",
  dns: "DNS servers",
};
