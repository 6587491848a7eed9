/** The Test card in Chromium: everything the stream must do, seen and measured in the browser. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { readFlash } from "../../src/display/testcard/strip.ts";
import { screenshot, startBrowser, until } from "./browser.ts";
import { startHouse } from "./house.ts";
import { impair } from "./impaired.ts";
import { claim, logIn, moves, picture, pixels, play, stats, strip } from "./player.ts";

async function flash(page: Page): Promise<boolean> {
  const { width, height, data } = await pixels(page);
  return readFlash(width, height, (x, y) => data[(y * width + x) * 4]);
}

/** The strongest frequency of the stream's sound over the next `ms`, Hz, and its level in dBFS. */
function strongestTone(page: Page, ms: number): Promise<{ frequency: number; level: number }> {
  return page.evaluate(async (ms) => {
    const video = document.querySelector<HTMLVideoElement>("[data-testid=player-video]")!;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 4096;
    analyser.smoothingTimeConstant = 0;
    const sound = new MediaStream((video.srcObject as MediaStream).getAudioTracks());
    context.createMediaStreamSource(sound).connect(analyser);
    const bins = new Float32Array(analyser.frequencyBinCount);
    let best = { frequency: 0, level: -Infinity };
    const end = performance.now() + ms;
    while (performance.now() < end) {
      analyser.getFloatFrequencyData(bins);
      const at = bins.indexOf(Math.max(...bins));
      if (bins[at] > best.level) {
        best = { frequency: at * context.sampleRate / analyser.fftSize, level: bins[at] };
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await context.close();
    return best;
  }, ms);
}

Deno.test("the Test card plays in Chromium", async (t) => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page({ viewport: { width: 1280, height: 720 } });
  await claim(page, house);
  await play(page, "testcard");

  await t.step("the picture is 1280×720, moves, and its strip is readable", async () => {
    await moves(page);
    const { width, height } = await stats(page);
    assert.deepEqual([width, height], [1280, 720]);
    await screenshot(page, "testcard-desktop");
  });

  await t.step("at least 55 pictures a second are decoded", async () => {
    await until("55 pictures a second", async () => (await stats(page)).fps >= 55);
  });

  await t.step("a key, a click and a touch each change the picture", async () => {
    const presses = async () => (await until("a readable strip", () => strip(page))).presses;
    const act = async (what: string, action: () => Promise<void>) => {
      const before = await presses();
      const bright = await flash(page);
      await action();
      await until(`a press counted after ${what}`, async () => (await presses()) !== before);
      await until(`a flash after ${what}`, async () => (await flash(page)) !== bright);
    };
    await act("a key", () => page.keyboard.press("KeyA"));
    await act("a click", () => page.mouse.click(640, 360));
  });

  await t.step("a press is heard as the beep of 880 Hz", async () => {
    const listening = strongestTone(page, 3000);
    for (let i = 0; i < 5; i++) {
      await page.waitForTimeout(400);
      await page.keyboard.press("Space");
    }
    const { frequency, level } = await listening;
    assert.ok(Math.abs(frequency - 880) < 25, `expected 880 Hz, heard ${frequency} Hz`);
    assert.ok(level > -50, `expected a tone above -50 dBFS, heard ${level} dBFS`);
  });

  await t.step("a second viewer joins by link and gets the picture at once", async () => {
    await page.keyboard.press("Control+Alt+Shift+KeyM");
    await page.getByTestId("invite-create").click();
    const link = await page.getByTestId("invite-link").inputValue();
    await page.keyboard.press("Escape");
    const friend = await chromium.page({ viewport: { width: 1280, height: 720 } });
    await friend.goto(new URL(link, house.url).href);
    await friend.getByTestId("join-submit").click();
    await picture(friend);
    await moves(friend);
    const before = (await until("a readable strip", () => strip(page))).presses;
    await friend.keyboard.press("KeyB");
    await until(
      "the friend's key to reach the game",
      async () => (await strip(page))?.presses !== before,
    );
    await moves(page);
    await screenshot(friend, "testcard-second-viewer");
    await friend.context().close();
  });

  await t.step("another size is taken while playing", async () => {
    await page.keyboard.press("Control+Alt+Shift+KeyM");
    await page.getByTestId("quality-size-1080").click();
    await page.keyboard.press("Escape");
    await until("1920×1080", async () => (await stats(page)).width === 1920);
    await moves(page);
  });

  await t.step("leaving keeps the game, and another device resumes it", async () => {
    const before = (await until("a readable strip", () => strip(page))).frame;
    await page.keyboard.press("Control+Alt+Shift+KeyM");
    await page.getByTestId("leave-button").click();
    await page.getByTestId("library").waitFor();
    const phone = await chromium.page({
      viewport: { width: 844, height: 390 },
      hasTouch: true,
      isMobile: true,
    });
    await logIn(phone, house.url);
    await phone.locator("[data-testid^=session-]").first().tap();
    await picture(phone);
    const after = (await until("a readable strip", () => strip(phone))).frame;
    assert.ok(after > before, "the game started anew");
    await phone.getByTestId("touch-overlay").waitFor();
    await screenshot(phone, "testcard-phone");
    const presses = (await until("a readable strip", () => strip(phone))).presses;
    await phone.touchscreen.tap(422, 195);
    await until(
      "the touch to reach the game",
      async () => (await strip(phone))?.presses !== presses,
    );
    await phone.context().close();
  });
});

Deno.test("the player comes back after its signalling and its media path were cut", async () => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page({ viewport: { width: 1280, height: 720 } });
  await using path = await impair(page);
  await claim(page, house);
  await play(page, "testcard");
  await moves(page);
  const before = (await until("a readable strip", () => strip(page))).frame;

  await path.dropSignalling();
  await page.waitForTimeout(500);
  await until("the picture to go on without signalling", () => moves(page).then(() => true));

  path.cut = true;
  await until("the page to say so", async () => (await stats(page)).connection === "reconnecting");
  await page.getByText("Connection lost, reconnecting").waitFor();
  await screenshot(page, "testcard-connection-lost");
  path.cut = false;
  await until(
    "the connection to come back",
    async () => (await stats(page)).connection === "connected",
    60_000,
  );
  await moves(page);
  const after = (await until("a readable strip", () => strip(page))).frame;
  assert.ok(after > before, "the game started anew");
});
