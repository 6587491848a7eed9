import type { GameInfo } from "../../protocol/library.ts";
import type { NodeRecord } from "../store/store.ts";

/** Less free memory than this, and a further game would take the others with it. */
const MIN_FREE_MEMORY_MB = 256;
const ACTIVE = new Set(["starting", "playing", "unwatched", "ending"]);

export interface Candidate extends NodeRecord {
  connected: boolean;
}

export type Placement<Node extends Candidate> =
  | { node: Node; game: GameInfo }
  /** One plain sentence for the player. */
  | { refused: string; missing: boolean };

/**
 * Where to start a game: of the machines that are connected, have the game and can run it, the one
 * with the fewest running games for its load. Refuses with the reason where there is none.
 */
export function place<Node extends Candidate>(
  gameId: string,
  nodes: Node[],
  maxSessions: number,
): Placement<Node> {
  const having = nodes.filter((node) => node.games.some((game) => game.id === gameId));
  if (having.length === 0) {
    return { refused: "This game is not in the library any more", missing: true };
  }
  const obstacles: string[] = [];
  const able: { node: Node; game: GameInfo; cost: number }[] = [];
  for (const node of having) {
    const game = node.games.find((candidate) => candidate.id === gameId)!;
    const obstacle = whyNot(node, game, maxSessions);
    if (obstacle) obstacles.push(obstacle);
    else able.push({ node, game, cost: node.load + activeSessions(node) });
  }
  able.sort((a, b) => a.cost - b.cost || b.node.freeMemoryMb - a.node.freeMemoryMb);
  if (able.length > 0) return able[0];
  return { refused: [...new Set(obstacles)].join(". "), missing: false };
}

function activeSessions(node: NodeRecord): number {
  return node.sessions.filter((session) => ACTIVE.has(session.state)).length;
}

function whyNot(node: Candidate, game: GameInfo, maxSessions: number): string | undefined {
  if (!node.connected) return `The machine ${node.name} is not connected`;
  const active = activeSessions(node);
  if (active >= maxSessions) {
    const games = active === 1 ? "a game" : `${active} games`;
    return `The machine ${node.name} is already running ${games}, its limit: end one first`;
  }
  for (const want of game.wants) {
    const lacking = node.capabilities.find((capability) =>
      capability.id === (want === "evdev" ? "uinput" : want) && capability.status === "missing"
    );
    if (lacking) return `The machine ${node.name} lacks what the game needs: ${lacking.title}`;
  }
  // 0: not heard of yet.
  if (node.freeMemoryMb > 0 && node.freeMemoryMb < MIN_FREE_MEMORY_MB) {
    const free = Math.round(node.freeMemoryMb);
    return `The machine ${node.name} has too little free memory (${free} MB): end a game first`;
  }
  return undefined;
}
