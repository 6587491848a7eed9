/** Why ssh has no connection, in plain words. */
export interface ConnectionProblem {
  kind: "host-key" | "not-pinned" | "refused-key" | "unreachable" | "broken";
  message: string;
}

/**
 * @param stderr  what ssh said (OpenSSH 9, untranslated) before it ended with code 255
 */
export function connectionProblem(
  { name, address, port = 22 }: { name: string; address: string; port?: number },
  stderr: string,
): ConnectionProblem {
  const place = `${name} (${address} port ${port})`;
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED/.test(stderr)) {
    return {
      kind: "host-key",
      message:
        `${place} shows another host key than the one pinned: it was set up anew, or somebody ` +
        `else answers there. If it was set up anew: gamelan fleet keys forget ${name}, then keys pin`,
    };
  }
  if (/No \S+ host key is known|Host key verification failed/.test(stderr)) {
    return {
      kind: "not-pinned",
      message: `${place} has no pinned host key yet, or a host on the way to it: ` +
        `gamelan fleet keys pin ${name}`,
    };
  }
  if (/Permission denied|Too many authentication failures/.test(stderr)) {
    return {
      kind: "refused-key",
      message: `${place} does not let this SSH key in: check user and identity in the inventory`,
    };
  }
  const said = stderr.trim().split("\n").at(-1)?.replaceAll(/[^\P{Cc}]/gu, "").slice(0, 200);
  const never = /refused|timed out|resolve|No route|unreachable|Connection (reset|closed) by/i;
  return {
    kind: never.test(stderr) ? "unreachable" : "broken",
    message: `${place}: ${said || "the connection broke"}`,
  };
}
