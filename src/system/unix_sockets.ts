/** Flag of a socket that accepts connections, `__SO_ACCEPTCON` of the kernel (proc_net_unix(5)). */
const ACCEPTS = 0x10000;

/**
 * Paths of the Unix sockets that somebody listens at, in this network namespace. Nobody notices the
 * question: a session, for one, would take a connection for a new agent and leave the one it has.
 *
 * @param table text of `/proc/net/unix`
 */
export function listenedAt(table: string): Set<string> {
  const paths = new Set<string>();
  for (const line of table.split("\n")) {
    // Num, RefCount, Protocol, Flags, Type, St, Inode, Path; the last one may hold spaces.
    const match = /^\S+: \S+ \S+ ([0-9A-F]{8}) \S+ \S+\s+\d+ (\/.*)$/i.exec(line);
    if (match && Number.parseInt(match[1], 16) & ACCEPTS) paths.add(match[2]);
  }
  return paths;
}
