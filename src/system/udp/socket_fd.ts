/**
 * The descriptor of a UDP socket that the runtime opened: neither Deno nor node:dgram tells it.
 *
 * The kernel lists each socket with its local port and inode in /proc/self/net/udp and udp6, and
 * each descriptor of the process as `socket:[inode]` in /proc/self/fd (proc(5)).
 */

/** Inodes of the UDP sockets of a table of /proc/net that are bound to `port`. */
export function udpInodes(table: string, port: number): string[] {
  const inodes: string[] = [];
  for (const line of table.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const [, localPort] = (fields[1] ?? "").split(":");
    if (localPort && parseInt(localPort, 16) === port && fields[9]) inodes.push(fields[9]);
  }
  return inodes;
}

/** How many sockets on a port of this machine take datagrams from anywhere. */
export function unconnectedSockets(port: number, family: 4 | 6): number {
  return Deno.readTextFileSync(tablePath(family)).split("\n").slice(1).filter((line) => {
    const [, local, remote] = line.trim().split(/\s+/);
    return local && parseInt(local.split(":")[1], 16) === port && /^0+:0000$/.test(remote);
  }).length;
}

const tablePath = (family: 4 | 6) => `/proc/self/net/udp${family === 6 ? "6" : ""}`;

/** undefined where it cannot be found, such as without /proc. Valid as long as the socket is open. */
export function findUdpSocket(port: number, family: 4 | 6): number | undefined {
  try {
    const table = Deno.readTextFileSync(tablePath(family));
    const links = new Set(udpInodes(table, port).map((inode) => `socket:[${inode}]`));
    for (const { name } of Deno.readDirSync("/proc/self/fd")) {
      try {
        if (links.has(Deno.readLinkSync(`/proc/self/fd/${name}`))) return Number(name);
      } catch {
        // Closed meanwhile.
      }
    }
  } catch {
    // No /proc: the plain path serves.
  }
  return undefined;
}
