/** An owner updates an appliance by its page, by `gamelan update`, and while people play. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { boxSelfTest } from "../../src/cli/box_self_test.ts";
import { KernelInput } from "../../src/input/input_system.ts";
import { PlayedAppliance } from "./appliance.ts";
import { screenshot, startBrowser, until } from "./browser.ts";
import { claim, logIn, moves, play, sessionOf } from "./player.ts";

const SMALL = { viewport: { width: 1024, height: 600 } };

/** Chooses an update file on the page and says when it may be installed. */
async function updateByPage(owner: Page, file: string, when: "idle" | "now"): Promise<void> {
  await owner.getByTestId("system-file").setInputFiles(file);
  await owner.getByTestId(`system-install-${when}`).click();
}

async function system(
  owner: Page,
  id: "update" | "restart" | "last" | "version" | "error",
  text: RegExp,
) {
  await owner.getByTestId(`system-${id}`).getByText(text).waitFor({ timeout: 60_000 });
}

async function pictureOfSystem(owner: Page, name: string): Promise<void> {
  await owner.getByTestId("system").scrollIntoViewIfNeeded();
  await screenshot(owner, name);
}

/** What this player's page says of a restart from now on, among its notices. */
async function watchWarnings(player: Page): Promise<() => Promise<string[]>> {
  await player.evaluate(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { warnings: seen });
    new MutationObserver(() => {
      const text = document.querySelector("[data-testid=player-notice]")?.textContent;
      if (text?.includes("restart") && seen.at(-1) !== text) seen.push(text);
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  return () => player.evaluate(() => (globalThis as unknown as { warnings: string[] }).warnings);
}

function endSession(page: Page, id: string): Promise<number> {
  return page.evaluate(
    (id) => fetch(`/api/sessions/${id}`, { method: "DELETE" }).then(({ status }) => status),
    id,
  );
}

Deno.test("an update by the page, while somebody plays", async (t) => {
  await using box = await PlayedAppliance.start();
  await using chromium = await startBrowser();
  const player = await chromium.page(SMALL);
  await claim(player, box.house);
  const owner = await chromium.page(SMALL);
  await logIn(owner, box.house.url);
  await owner.goto(`${box.house.url}/settings/machine`);
  await system(owner, "version", /Version 1\.0\.0 runs/);

  await t.step(
    "it is written by a process that is not the house's, and why not is told",
    async () => {
      const wrong = await box.update("0.9.0");
      await updateByPage(owner, wrong, "idle");
      await system(owner, "error", /version 0\.9\.0, older than 1\.0\.0/);
      const asked = box.asked().filter((line) => !line.includes("--status"));
      assert.equal(asked.length, 1);
      assert.match(asked[0], /main\.ts update --hand-over \S+\/box\/upload\.gamelan-update$/);
    },
  );

  await t.step("an update for now tells who plays in how long the game ends", async () => {
    await play(player, "testcard");
    const warnings = await watchWarnings(player);
    await updateByPage(owner, await box.update("1.1.0"), "now");
    const told = await until("the warning", async () => (await warnings())[0], 60_000);
    assert.match(
      told,
      /^This box restarts in (2 minutes|\d+ seconds) for version 1\.1\.0\. Save your game; it ends then\.$/,
    );
    await screenshot(player, "update-warning");
    await system(
      owner,
      "restart",
      /The box restarts into version 1\.1\.0 in [01]:\d\d; .*was told/,
    );
    // The game goes on until then.
    await moves(player);
    assert.equal(box.isRestarting(), false);
    box.endWarning();
    await box.boot();
    assert.equal(await endSession(player, sessionOf(player)), 200);
    await system(owner, "version", /Version 1\.1\.0 runs/);
    await system(owner, "last", /runs 1\.1\.0 from slot b/);
  });

  const done = box.installSlowly();
  await t.step("who begins to play while it is written is neither warned nor ended", async () => {
    await player.goto(box.house.url);
    await updateByPage(
      owner,
      await box.update("1.2.0", { selfTest: await brokenUinput(box) }),
      "idle",
    );
    await system(owner, "update", /Version 1\.2\.0 is being installed/);
    await play(player, "testcard");
    const warnings = await watchWarnings(player);
    done();
    await system(
      owner,
      "update",
      /Version 1\.2\.0 is installed\. The box restarts when nobody plays/,
    );
    await pictureOfSystem(owner, "update-waits-for-restart");
    assert.match(
      await box.run("--status"),
      /Version 1\.2\.0: installed; the box restarts when nobody plays/,
    );
    // Longer than the house needs to see a warning.
    await new Promise((resolve) => setTimeout(resolve, 7000));
    await moves(player);
    assert.deepEqual(await warnings(), []);
    assert.equal(box.isRestarting(), false);
  });

  await t.step("the wait outlives the house and the process that waits", async () => {
    await box.house.stop("SIGTERM");
    await box.endUnit();
    await box.startHouse();
    await box.startUnit();
    await system(
      owner,
      "update",
      /Version 1\.2\.0 is installed\. The box restarts when nobody plays/,
    );
    // Before that it waits for what the start of a machine would have decided.
    await until("the second process to wait", () => box.unitSaid("Waiting until"), 60_000);
    await moves(player);
    assert.equal(box.isRestarting(), false);
  });

  await t.step("it restarts when the game is over", async () => {
    assert.equal(await endSession(player, sessionOf(player)), 200);
    await box.boot();
    assert.equal(box.slots.loader.running, "a");
  });

  await t.step(
    "a system without gamepads goes back after three tries, and the page says why",
    async () => {
      for (let tries = 2; tries <= 3; tries++) {
        assert.equal(box.slots.loader.blessed.a, false);
        await box.slots.requestReboot();
        await box.boot();
      }
      await box.bootBefore();
      const why =
        "1.2.0 was tried three times and taken back: “A gamepad reaches the game” failed: " +
        "Gamepads cannot be used on this machine: /dev/uinput: ";
      await system(owner, "last", new RegExp(RegExp.escape(why)));
      await system(owner, "version", /Version 1\.1\.0 runs/);
      assert.equal(await owner.getByTestId("system-update").count(), 0);
      await pictureOfSystem(owner, "update-taken-back");
    },
  );

  await t.step(
    "an update by SSH does not hold the connection for who began, and the page gives it up",
    async () => {
      const done = box.installSlowly();
      const said = box.run(await box.update("1.3.0"));
      await system(owner, "update", /Version 1\.3\.0 is being installed/);
      await player.goto(box.house.url);
      await play(player, "testcard");
      done();
      assert.match(await said, /Version 1\.3\.0 is installed; the box restarts when nobody plays/);
      assert.equal(box.unitRuns(), true);
      await system(owner, "update", /Version 1\.3\.0 is installed\. The box restarts when nobody/);
      await owner.getByTestId("system-cancel").click();
      await system(owner, "last", /1\.3\.0 was given up before it was started/);
      assert.equal(await owner.getByTestId("system-update").count(), 0);
      assert.equal(box.slots.loader.next, "b");
      await until("the end of the service", () => !box.unitRuns(), 60_000);
      await moves(player);
      assert.equal(box.isRestarting(), false);
    },
  );
});

/** What the test of a new system says on a machine whose uinput is broken: this one, if it has none. */
async function brokenUinput(box: PlayedAppliance): Promise<string> {
  Deno.env.set("GAMELAN_DATA_DIR", box.dataDir);
  try {
    const said = await boxSelfTest({ house: box.house.url, stepSeconds: 60 });
    if (new KernelInput().unavailable() !== undefined) return said!;
    return "“A gamepad reaches the game” failed: Gamepads cannot be used on this machine: " +
      "/dev/uinput: No such file or directory.";
  } finally {
    Deno.env.delete("GAMELAN_DATA_DIR");
  }
}
