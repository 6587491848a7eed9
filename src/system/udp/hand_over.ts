/**
 * How the owner of a node's UDP port finds the session that a first datagram is for, without
 * keeping a table: the ICE username fragment of each of a session's viewers begins with the
 * session's tag, and the session listens on a Unix socket in its run directory.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";

/** 48 bits: sessions of one node do not meet by chance. */
export const TAG_LENGTH = 8;

/** What the username fragments of a session's viewers begin with; ice-chars (RFC 8839 section 5.4). */
export function sessionTag(sessionId: string): string {
  return createHash("sha256").update(`udp ${sessionId}`).digest("base64").slice(0, TAG_LENGTH);
}

/** Where a session takes first datagrams of a shared port; its name tells a new agent the port. */
export function handOverSocket(runDir: string, port: number): string {
  return join(runDir, `udp-${port}.sock`);
}

/** The shared ports that the session with this run directory listens for. */
export function handOverPorts(runDir: string): number[] {
  const ports: number[] = [];
  try {
    for (const { name } of Deno.readDirSync(runDir)) {
      const match = /^udp-(\d{1,5})\.sock$/.exec(name);
      if (match) ports.push(Number(match[1]));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return ports;
}
