import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Endpoint, Inventory } from "./inventory.ts";

/** Folders of the operator's side. */
export interface FleetFolders {
  /** Pins, journals and the generated SSH configuration. */
  state: string;
  /** Sockets of open connections; its path must be short (Unix sockets: 108 bytes). */
  sockets: string;
}

export const knownHostsFile = ({ state }: FleetFolders) => join(state, "known_hosts");
export const sshConfigFile = ({ state }: FleetFolders) => join(state, "ssh_config");

/**
 * The fleet as a configuration of OpenSSH, so that `ssh -F FILE NAME`, scp and rsync reach the boxes as
 * we do: the keys of the inventory, its jumps, and no host key but the pinned one.
 */
export function sshConfig(inventory: Inventory, folders: FleetFolders): string {
  const hosts = [...inventory.hosts, ...inventory.jumps].map((endpoint) =>
    `${block(endpoint)}\n  ControlPath ${quoted(socket(endpoint, inventory, folders))}`
  );
  return [
    "# Written by gamelan fleet at each run.",
    ...hosts,
    "Host *",
    ...Object.entries({
      BatchMode: "yes",
      StrictHostKeyChecking: "yes",
      UserKnownHostsFile: quoted(knownHostsFile(folders)),
      GlobalKnownHostsFile: "/dev/null",
      HashKnownHosts: "no",
      UpdateHostKeys: "no",
      // Names from the inventory are the identity of a box; its address may change.
      CheckHostIP: "no",
      // A box whose processors others have, such as a game with real-time priority, answers late.
      ConnectTimeout: "20",
      ServerAliveInterval: "5",
      ServerAliveCountMax: "8",
      ControlMaster: "auto",
      ControlPersist: "60",
      ClearAllForwardings: "yes",
      ForwardAgent: "no",
      RequestTTY: "no",
      LogLevel: "ERROR",
    }).map(([key, value]) => `  ${key} ${value}`),
    "",
  ].join("\n");
}

function block(endpoint: Endpoint): string {
  const { name, address, port, user, identity, jump } = endpoint;
  const lines = [`Host ${name}`, `  HostName ${address.replaceAll("%", "%%")}`];
  lines.push(`  HostKeyAlias ${name}`);
  if (port !== undefined) lines.push(`  Port ${port}`);
  if (user !== undefined) lines.push(`  User ${user}`);
  if (identity !== undefined) {
    lines.push(`  IdentityFile ${quoted(identity.replaceAll("%", "%%"))}`, "  IdentitiesOnly yes");
  }
  if (jump !== undefined) lines.push(`  ProxyJump ${jump}`);
  return lines.join("\n");
}

/**
 * Of the connection that commands share: another one for each box and way to it. OpenSSH's own `%C` is
 * the same for two boxes with the same private address behind different jumps (up to 9.3, which
 * Debian 12 has), and what is meant for one of them would reach the other.
 */
function socket(endpoint: Endpoint, { jumps }: Inventory, folders: FleetFolders): string {
  const way = [folders.state];
  for (let next: Endpoint | undefined = endpoint; next !== undefined;) {
    way.push(block(next));
    const { jump }: Endpoint = next;
    next = jumps.find(({ name }) => name === jump);
  }
  const digest = createHash("sha256").update(way.join("\n")).digest("hex");
  return join(folders.sockets, digest.slice(0, 32));
}

/** The inventory allows neither quotes nor control characters in paths. */
const quoted = (path: string) => `"${path}"`;
