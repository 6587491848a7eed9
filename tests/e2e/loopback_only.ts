/** Plays the Test card in a browser on the house's own machine; run where there is only loopback. */
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { startBrowser } from "./browser.ts";
import { startHouse } from "./house.ts";
import { claim, moves, play } from "./player.ts";

assert.deepEqual(Object.keys(networkInterfaces()), ["lo"]);
await using house = await startHouse({ iceAddresses: [] });
await using chromium = await startBrowser();
const page = await chromium.page({ viewport: { width: 800, height: 500 } });
await claim(page, house);
await play(page, "testcard");
await moves(page);
console.log("played");
