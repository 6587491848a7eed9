import assert from "node:assert/strict";
import type { FromNode, Link, ToNode } from "../protocol/node.ts";
import { joinOwnNode } from "./own_node.ts";

/** A test double of both: what is joined, and the node's end as the agent uses it. */
function doubles() {
  const joined: Link<ToNode, FromNode>[] = [];
  return {
    joined,
    coordinator: { attachNode: (link: Link<ToNode, FromNode>) => void joined.push(link) },
    agent: {
      attach(link: Link<FromNode, ToNode>, onClosed?: () => void) {
        link.onClose = () => onClosed?.();
      },
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a house's own node that was given up as silent is joined again", async () => {
  const { joined, coordinator, agent } = doubles();
  const leave = joinOwnNode(coordinator, agent);
  assert.equal(joined.length, 1);
  joined[0].close("no heartbeat");
  while (joined.length < 2) await pause(10);
  joined[1].close("no heartbeat");
  while (joined.length < 3) await pause(10);
  leave();
});

Deno.test("a house that stops does not join its node again", async () => {
  const { joined, coordinator, agent } = doubles();
  const leave = joinOwnNode(coordinator, agent);
  leave();
  joined[0].close("the node stops");
  await pause(250);
  assert.equal(joined.length, 1);
});
