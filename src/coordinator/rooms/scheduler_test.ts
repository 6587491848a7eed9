import assert from "node:assert/strict";
import type { GameInfo } from "../../protocol/library.ts";
import type { SessionInfo } from "../../protocol/session.ts";
import { type Candidate, place } from "./scheduler.ts";

const game: GameInfo = {
  id: "g",
  title: "G",
  kind: "package",
  description: "",
  license: "",
  source: "",
  version: "",
  bytes: 0,
  players: 1,
  wants: [],
  signature: "unsigned",
};
const session = (state: SessionInfo["state"]) => ({ state }) as SessionInfo;

function node(name: string, changes: Partial<Candidate> = {}): Candidate {
  return {
    name,
    home: "",
    version: "1",
    connected: true,
    load: 0,
    freeMemoryMb: 4000,
    capabilities: [],
    games: [game],
    imports: [],
    sessions: [],
    ...changes,
  };
}

const chosen = (nodes: Candidate[], limit = 8) => {
  const placement = place("g", nodes, limit);
  return "refused" in placement ? placement.refused : placement.node.name;
};

Deno.test("running games weigh more than load, ended ones nothing", () => {
  const busy = node("busy", { sessions: [session("playing")] });
  const loaded = node("loaded", { load: 0.8, sessions: [session("ended"), session("failed")] });
  assert.equal(chosen([busy, loaded]), "loaded");
  assert.equal(chosen([node("a", { freeMemoryMb: 1000 }), node("b")]), "b");
});

Deno.test("machines that cannot run the game are passed over, and say why where none can", () => {
  const wanting = { ...game, wants: ["x11" as const] };
  const lacking = node("bare", {
    games: [wanting],
    capabilities: [{ id: "x11", title: "Xwayland", status: "missing", evidence: "" }],
  });
  assert.equal(chosen([lacking, node("full")]), "full");
  assert.match(chosen([lacking]), /bare lacks what the game needs: Xwayland/);
  assert.match(chosen([node("away", { connected: false })]), /away is not connected/);
  assert.match(chosen([node("tight", { freeMemoryMb: 100 })]), /tight has too little free memory/);
  assert.match(chosen([node("full", { sessions: [session("unwatched")] })], 1), /its limit/);
  assert.match(chosen([]), /not in the library/);
});
