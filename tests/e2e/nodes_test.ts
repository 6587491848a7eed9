/** Coordinators and streaming machines as processes of their own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { GameLibrary } from "../../src/games/library.ts";
import { startRedis } from "../coordinator/redis_server.ts";
import { makeTinyRoot } from "../games/tiny_root.ts";
import { startBrowser, until } from "./browser.ts";
import { type House, startHouse } from "./house.ts";
import { nothingLeft } from "./leftovers.ts";
import { startNode } from "./node.ts";
import { claim, logIn, moves, picture, play, sessionOf } from "./player.ts";

const SMALL = { viewport: { width: 1024, height: 600 } };
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** A game that nobody plays here: it has a picture for the library. */
async function importPicturedGame(dataDir: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-pictured-" });
  try {
    await makeTinyRoot(folder, "exit 0\n", ["sh"]);
    await Deno.writeFile(join(folder, "artwork.png"), Uint8Array.fromBase64(PNG));
    await new GameLibrary({ dataDir }).import(folder, {
      id: "pictured",
      title: "Pictured",
      runtime: "none",
      command: ["/bin/sh", "/play"],
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The address for machines: with the token's fingerprint it needs no further trust. */
async function secureUrl(house: House): Promise<string> {
  return (await (await fetch(`${house.url}/api/trust`)).json()).httpsUrl;
}

const endSession = async (page: Page) => {
  await page.keyboard.press("Control+Alt+Shift+KeyM");
  await page.getByTestId("end-button").click();
  const status = page.getByTestId("player-status");
  await until("the page to say that the session ended", async () => {
    const state = await status.getAttribute("data-state");
    if (state === "failed" || state === "closed") console.error(state, await status.innerText());
    return state === "ended";
  });
};

Deno.test("a game is played on a machine that joined by its token, is lost and comes back", async () => {
  await using house = await startHouse({ command: "coordinator" });
  await using chromium = await startBrowser();
  const page = await chromium.page(SMALL);
  await claim(page, house);
  await page.getByTestId("library-empty").waitFor();

  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-node-" });
  try {
    await importPicturedGame(dataDir);
    const token = (await Deno.readTextFile(join(house.dataDir, "node-token"))).trim();
    const options = { coordinator: await secureUrl(house), token, dataDir };
    let node = await startNode(options);
    try {
      const artwork = page.getByTestId("game-tile-pictured").locator("img");
      await until(
        "the artwork from the other machine",
        () => artwork.evaluate((image) => (image as HTMLImageElement).naturalWidth === 1),
      );
      await play(page, "testcard");
      const id = sessionOf(page);
      const before = await moves(page);

      // The machine's agent goes, its game stays; the picture does not pass through either.
      await node.stop("SIGKILL");
      await moves(page);
      const friend = await chromium.page(SMALL);
      await logIn(friend, house.url);
      await friend.getByTestId("library-empty").waitFor();
      node = await startNode(options);
      await friend.getByTestId("game-tile-testcard").waitFor();
      await friend.getByTestId(`session-${id}`).click();
      await picture(friend);
      assert.ok(await moves(friend) > before, "the game started anew");
      await friend.context().close();
      await endSession(page);
      await nothingLeft(id);
    } finally {
      await node.stop();
    }
    await nothingLeft(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("two coordinators share one house: claimed at one, played through the other", async () => {
  await using redis = await startRedis();
  const args = ["--store-redis", redis.url];
  await using first = await startHouse({ command: "coordinator", args });
  await using second = await startHouse({ command: "coordinator", args });
  assert.equal(first.claimCode, second.claimCode);
  await using chromium = await startBrowser();
  const page = await chromium.page(SMALL);
  await claim(page, first);
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-node-" });
  try {
    const token = (await Deno.readTextFile(join(first.dataDir, "node-token"))).trim();
    await using _node = await startNode({ coordinator: await secureUrl(first), token, dataDir });
    await page.getByTestId("game-tile-testcard").waitFor();

    // A cookie is a host's, whatever the port: signed in at one is signed in at the other.
    await page.goto(second.url);
    await play(page, "testcard");
    await moves(page);
    await endSession(page);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
