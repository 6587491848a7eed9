import type { Coordinator } from "../coordinator/coordinator.ts";
import type { NodeAgent } from "../node/agent.ts";
import { createLinkPair } from "../system/link.ts";

const AGAIN_MS = 100;

/**
 * Joins a house's own node to it, and again whenever the house has given it up: a process that was
 * stopped for a while, or a clock that was set (the first time from the network does), makes it look
 * silent.
 *
 * Returns what is to be called before either is closed.
 */
export function joinOwnNode(
  coordinator: Pick<Coordinator, "attachNode">,
  agent: Pick<NodeAgent, "attach">,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;
  const join = () => {
    const [coordinatorEnd, nodeEnd] = createLinkPair();
    coordinator.attachNode(coordinatorEnd);
    agent.attach(nodeEnd, () => {
      if (!stopped) timer = setTimeout(join, AGAIN_MS);
    });
  };
  join();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
