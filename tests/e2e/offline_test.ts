/** A first start without a network: what cannot be fetched is said, everything else works. */
import assert from "node:assert/strict";
import { startBrowser } from "./browser.ts";
import { startHouse } from "./house.ts";
import { claim, moves, play } from "./player.ts";

Deno.test("without a network the first import says what it waits for, and the Test card plays", async () => {
  await using house = await startHouse({
    offline: true,
    args: ["--library-first-import", "deb:chromium-bsu"],
  });
  // The browser must be where the house is.
  const wrapper = await Deno.makeTempFile({ prefix: "gamelan-offline-chromium-" });
  try {
    const script = `#!/bin/sh\nexec nsenter --net=/proc/${house.pid}/ns/net chromium "$@"\n`;
    await Deno.writeTextFile(wrapper, script);
    await Deno.chmod(wrapper, 0o755);
    await using chromium = await startBrowser([], wrapper);
    const page = await chromium.page({ viewport: { width: 1024, height: 600 } });
    await claim(page, house);
    await play(page, "testcard");
    await moves(page);
    await page.goto(house.url);
    const row = page.locator(".import-row", { hasText: "goes on when there is a network" });
    await row.waitFor({ timeout: 60_000 });
    assert.match(await row.innerText(), /chromium-bsu\s+No way to Debian's mirror/);
    await page.getByTestId("import-source").waitFor();
  } finally {
    await Deno.remove(wrapper);
  }
});
