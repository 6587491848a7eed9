import type { Config } from "../config/config.ts";
import type { Capability } from "../protocol/library.ts";
import { openSharedSocket } from "../system/udp/shared_socket.ts";
import { unconnectedSockets } from "../system/udp/socket_fd.ts";
import { wantedUdpPort } from "./udp_ports.ts";

const DISCARD_PORT = 9;

/** The row of `gamelan doctor` about the UDP port of picture and sound. */
export async function probeUdpPort(config: Pick<Config, "ice">): Promise<Capability> {
  const row = { id: "udp-port", title: "UDP port" };
  const port = wantedUdpPort(config);
  if (port === 0) {
    const [first, last] = config.ice.udp_ports ?? [];
    const which = first === undefined ? "any free one" : `from ${first} to ${last}`;
    return { ...row, status: "ok", evidence: `each game has one of its own, ${which}` };
  }
  if (unconnectedSockets(port, 4) === 0) {
    return { ...row, status: "ok", evidence: `${port} is free, for all games` };
  }
  try {
    // As a session does it. A listener would take some of the running house's datagrams.
    const remote = { address: "127.0.0.1", port: DISCARD_PORT };
    const { socket } = await openSharedSocket(port, 4, remote);
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    return { ...row, status: "ok", evidence: `Gamelan is listening on ${port}` };
  } catch (error) {
    return {
      ...row,
      status: "warning",
      evidence: `${port} is another program's (${(error as Error).message}): until it is free, ` +
        "each game has a port of its own",
      fix: "Stop it (ss -lunp shows it), or set ice.udp_port to another port.",
    };
  }
}
