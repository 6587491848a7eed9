/** The machines of the house and what each can do, with evidence and the remedy. */
import { useEffect, useState } from "preact/hooks";
import type { NodeInfo } from "../../src/protocol/api.ts";
import type { Capability } from "../../src/protocol/library.ts";
import { Notice } from "../components/controls.tsx";
import { Icon, type IconName } from "../components/icons.tsx";
import { api, messageOf } from "../state/api.ts";
import { house, nodes } from "../state/house.ts";
import { ResetPanel } from "./settings_reset.tsx";
import { SshPanel } from "./settings_ssh.tsx";
import { UpdatePanel } from "./settings_update.tsx";

const ICONS: Record<Capability["status"], IconName> = {
  ok: "check",
  warning: "warning",
  missing: "close",
};
const WORDS: Record<Capability["status"], string> = {
  ok: "Works",
  warning: "Works in part",
  missing: "Not available",
};

export function MachineSettings() {
  const [error, setError] = useState<string>();
  useEffect(() => {
    api.nodes().then((list) => nodes.value = list, (failure) => setError(messageOf(failure)));
  }, []);
  return (
    <>
      {error && <Notice kind="error">{error}</Notice>}
      {nodes.value.map((node) => <Node key={node.name} node={node} />)}
      {house.value?.appliance && <UpdatePanel />}
      {house.value?.appliance && <SshPanel />}
      {house.value?.appliance && <ResetPanel />}
    </>
  );
}

function Node({ node }: { node: NodeInfo }) {
  return (
    <article class="panel node" data-testid={`node-${node.name}`}>
      <header>
        <h2>
          <Icon name="machine" /> {node.name}
        </h2>
        <span class={`dot ${node.connected ? "dot-playing" : "dot-failed"}`}>
          {node.connected ? "Connected" : "Not connected"}
        </span>
      </header>
      <p class="game-facts">
        <span>Load {Math.round(node.load * 100)} %</span>
        <span>{(node.freeMemoryMb / 1024).toFixed(1)} GB memory free</span>
        <span>Gamelan {node.version}</span>
      </p>
      <ul class="capabilities">
        {node.capabilities.map((capability) => (
          <li
            key={capability.id}
            class={capability.status}
            data-testid={`capability-${capability.id}`}
          >
            <span class="capability-mark" role="img" aria-label={WORDS[capability.status]}>
              <Icon name={ICONS[capability.status]} />
            </span>
            <div>
              <strong>{capability.title}</strong>
              <p>{capability.evidence}</p>
              {capability.fix && capability.status !== "ok" && <p class="fix">{capability.fix}</p>}
            </div>
          </li>
        ))}
      </ul>
    </article>
  );
}
