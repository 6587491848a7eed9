/** Every control of the player's page, on a real house, with a game that tells what reached it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { ExposedStats } from "../../ui/player/exposed_stats.ts";
import { installFakePad, setPad } from "../ui/fake_pad.ts";
import { screenshot, startBrowser, until } from "./browser.ts";
import { startHouse } from "./house.ts";
import { impair } from "./impaired.ts";
import { claim, logIn, moves, picture, play, stats } from "./player.ts";
import { ProbeGame, runDirectory } from "./probe_game.ts";

const KEY_A = 30;
const KEY_D = 32;
const KEY_W = 17;
const KEY_RIGHT = 106;
const BTN_LEFT = 0x110;
const DESKTOP = { viewport: { width: 1280, height: 720 } };
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const SOUND_FLAGS = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];

const sessionOf = (page: Page) => /\/play\/([^/?#]+)/.exec(page.url())![1];
const live = async (page: Page) => await stats(page) as unknown as ExposedStats;
const status = (page: Page, state: string) =>
  page.locator(`[data-testid=player-status][data-state=${state}]`).waitFor({ state: "attached" });

async function openMenu(page: Page): Promise<void> {
  await page.keyboard.press("Control+Alt+Shift+KeyM");
  await page.getByTestId("player-menu").waitFor();
}

async function closeMenu(page: Page): Promise<void> {
  await page.getByTestId("player-menu").getByTestId("resume-button").click();
  await page.getByTestId("player-menu").waitFor({ state: "detached" });
}

/** A game over the Test card that has the keyboard. */
async function probe(
  house: Parameters<typeof runDirectory>[0],
  page: Page,
  options?: ConstructorParameters<typeof ProbeGame>[2],
): Promise<ProbeGame> {
  const game = new ProbeGame(house, sessionOf(page), options);
  await game.until("the keyboard's focus", ({ focused }) => focused);
  return game;
}

Deno.test("a desktop's controls", async (t) => {
  await using house = await startHouse();
  await using chromium = await startBrowser(SOUND_FLAGS);
  const page = await chromium.page({
    ...DESKTOP,
    permissions: ["clipboard-read", "clipboard-write", "microphone"],
  });
  await claim(page, house);
  await play(page, "testcard");
  await moves(page);

  await t.step("the statistics name every stage, from the hand to the eye", async () => {
    await openMenu(page);
    await page.getByTestId("stats-toggle").click();
    await closeMenu(page);
    const stages = "input game capture encode network jitterBuffer decode present".split(" ");
    await until("a time for every stage", async () => {
      await page.keyboard.press("KeyA");
      const texts = await page.locator("[data-testid^=stats-stage-] b").allTextContents();
      return texts.length === stages.length && texts.every((text) => /^\d+\.\d$/.test(text));
    });
    const { stages: times, totalMs, tracedFrames } = await live(page);
    assert.deepEqual(Object.keys(times).toSorted(), stages.toSorted());
    assert.ok(totalMs > 0 && totalMs < 500 && tracedFrames > 0, `${totalMs} ms, ${tracedFrames}`);
    await screenshot(page, "controls-statistics");
    await page.keyboard.press("Control+Alt+Shift+KeyS");
    await page.getByTestId("stats-overlay").waitFor({ state: "detached" });
  });

  await t.step("a bitrate and a rate of pictures that were chosen are kept", async () => {
    await openMenu(page);
    await page.getByTestId("quality-bitrate-3").click();
    await page.getByTestId("quality-fps-30").click();
    await until("30 pictures a second of at most 3 Mbit/s", async () => {
      const { fps, bitrateMbps, sessionStats } = await live(page);
      return sessionStats?.modeFps === 30 && sessionStats.targetMbps <= 3 &&
        fps > 20 && fps <= 33 && bitrateMbps > 0 && bitrateMbps < 3.5;
    });
    await page.getByTestId("quality-bitrate-auto").click();
    await page.getByTestId("quality-fps-60").click();
    await until(
      "60 pictures a second",
      async () => (await live(page)).sessionStats?.modeFps === 60,
    );
    await closeMenu(page);
  });

  await t.step("the volume and silence are the video's", async () => {
    const sound = () =>
      page.getByTestId("player-video").evaluate((video: HTMLVideoElement) => ({
        volume: video.volume,
        muted: video.muted,
      }));
    await openMenu(page);
    await page.getByTestId("volume").fill("0.4");
    assert.deepEqual(await sound(), { volume: 0.4, muted: false });
    await page.getByTestId("mute-toggle").click();
    await until("silence", async () => (await sound()).muted);
    await page.getByTestId("mute-toggle").click();
    await until("sound", async () => !(await sound()).muted);
    await page.getByTestId("volume").fill("1");
    await closeMenu(page);
  });

  await t.step("a screenshot is a PNG of the picture's size", async () => {
    await openMenu(page);
    const downloading = page.waitForEvent("download");
    await page.getByTestId("screenshot-button").click();
    const download = await downloading;
    assert.match(download.suggestedFilename(), /^Test-card-.*\.png$/);
    const bytes = await Deno.readFile(await download.path());
    assert.deepEqual([...bytes.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]);
    const size = new DataView(bytes.buffer);
    const { width, height } = await live(page);
    assert.deepEqual([size.getUint32(16), size.getUint32(20)], [width, height]);
    await closeMenu(page);
  });

  using game = await probe(house, page);

  await t.step("keys, the mouse and its wheel reach the game", async () => {
    await page.mouse.move(320, 180);
    await game.until(
      "the pointer at a quarter",
      ({ pointer: { x, y } }) => Math.abs(x - 320) < 3 && Math.abs(y - 180) < 3,
    );
    await page.mouse.down();
    await game.until("the button", ({ held }) => held.has(BTN_LEFT));
    await page.mouse.up();
    await game.until("no button", ({ held }) => held.size === 0);
    await page.mouse.wheel(0, 300);
    await game.until("three detents down", ({ wheel }) => wheel.y === 360);
    await page.keyboard.press("KeyD");
    await game.until(
      "D and its release",
      ({ pressed, held }) => pressed.at(-1) === KEY_D && held.size === 0,
    );
  });

  await t.step("a game that locks the pointer gets movement without end", async () => {
    game.lockPointer();
    await until("the wish", async () => (await live(page)).pointerLock !== "free");
    await page.mouse.click(640, 360);
    await until("the lock", async () => (await live(page)).pointerLock === "locked");
    await game.until("the game's lock", ({ locked }) => locked);
    const before = game.moved.x;
    for (let i = 1; i <= 10; i++) await page.mouse.move(640 + i * 40, 360);
    await game.until(
      "400 pixels of movement",
      ({ moved }) => Math.abs(moved.x - before - 400) < 41,
    );
    game.unlockPointer();
    await until("the pointer back", async () => (await live(page)).pointerLock === "free");
  });

  await t.step("fullscreen takes the keys that the browser keeps", async () => {
    await page.evaluate(() => {
      const { keyboard } = navigator as unknown as { keyboard: { lock(): Promise<void> } };
      const lock = keyboard.lock.bind(keyboard);
      keyboard.lock = () => {
        document.documentElement.dataset.keysLocked = "yes";
        return lock();
      };
    });
    await page.keyboard.press("Control+Alt+Shift+KeyF");
    await page.waitForFunction(() =>
      document.fullscreenElement !== null && document.documentElement.dataset.keysLocked === "yes"
    );
    await page.keyboard.press("Escape");
    await game.until("Escape in the game", ({ pressed }) => pressed.at(-1) === 1);
    assert.ok(await page.evaluate(() => document.fullscreenElement !== null));
    await page.keyboard.press("Control+Alt+Shift+KeyF");
    await page.waitForFunction(() => document.fullscreenElement === null);
  });

  await t.step("the clipboard goes both ways", async () => {
    game.copy("copied in the game: Grüße, 日本");
    await until(
      "the game's text in the browser",
      async () =>
        (await page.evaluate(() => navigator.clipboard.readText())) ===
          "copied in the game: Grüße, 日本",
    );
    await page.evaluate(() => navigator.clipboard.writeText("copied in the browser: ñandú"));
    // Coming back to the page is when it looks at the clipboard.
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    await until(
      "the browser's text in the game",
      async () => (await game.paste()) === "copied in the browser: ñandú",
    );
  });

  await t.step("the microphone is heard in the session, and silent when it is off", async () => {
    await openMenu(page);
    await page.getByTestId("mic-toggle").click();
    await page.locator("[data-testid=mic-toggle][aria-pressed=true]").waitFor();
    const socket = join(runDirectory(house, sessionOf(page)), "sound", "pulse.sock");
    await until("the beep of the fake microphone", async () => await loudest(socket) > 1000);
    await page.getByTestId("mic-toggle").click();
    await page.locator("[data-testid=mic-toggle][aria-pressed=false]").waitFor();
    await until("silence", async () => await loudest(socket) < 10);
    await closeMenu(page);
  });

  await t.step("that gamepads are unavailable is said plainly where they are", async () => {
    const { padsReach } = await live(page);
    if (padsReach.available) return;
    await page.evaluate(installFakePad);
    await setPad(page, {});
    const text = await page.getByTestId("pads-unavailable").textContent();
    assert.match(text!, /[Gg]amepad/);
    assert.equal(text!.trim(), padsReach.reason);
    await screenshot(page, "controls-pads-unavailable");
  });

  await t.step("what is held is let go when the page loses the focus or is left", async () => {
    await page.keyboard.down("KeyW");
    await game.until("W", ({ held }) => held.has(KEY_W));
    // Playwright keeps every page focused; the event is what another window causes.
    await page.evaluate(() => dispatchEvent(new Event("blur")));
    await game.until("W let go", ({ held }) => held.size === 0);
    await page.keyboard.up("KeyW");
    await page.keyboard.down("KeyA");
    await game.until("A", ({ held }) => held.has(KEY_A));
    await page.keyboard.press("Control+Alt+Shift+KeyM");
    await game.until("A let go under the menu", ({ held }) => held.size === 0);
    await page.keyboard.up("KeyA");
    await page.getByTestId("player-menu").waitFor();
    await closeMenu(page);
  });

  await t.step("a reload resumes the game and lets go of what was held", async () => {
    await page.keyboard.down("KeyW");
    await game.until("W", ({ held }) => held.has(KEY_W));
    const before = sessionOf(page);
    await page.reload();
    await game.until("W let go", ({ held }) => held.size === 0);
    await page.keyboard.up("KeyW");
    await picture(page);
    assert.equal(sessionOf(page), before);
    await status(page, "playing");
    await page.keyboard.press("KeyD");
    await game.until("D after the reload", ({ pressed }) => pressed.at(-1) === KEY_D);
  });

  await t.step(
    "a second tab of the same player plays too; closing one lets go of its keys",
    async () => {
      const second = await page.context().newPage();
      await second.goto(page.url());
      await picture(second);
      await second.keyboard.down("KeyW");
      await game.until("W of the second tab", ({ held }) => held.has(KEY_W));
      await second.close();
      await game.until("W let go", ({ held }) => held.size === 0);
      await page.bringToFront();
      await page.keyboard.press("KeyA");
      await game.until("A of the first tab", ({ pressed }) => pressed.at(-1) === KEY_A);
      assert.equal((await live(page)).connection, "connected");
    },
  );

  await t.step("a game that is ended says so, on every screen, and its address too", async () => {
    const address = page.url();
    const second = await page.context().newPage();
    await second.goto(address);
    await picture(second);
    await page.bringToFront();
    await openMenu(page);
    await page.getByTestId("end-button").click();
    await status(page, "ended");
    await status(second, "ended");
    await screenshot(page, "controls-ended");
    await second.goto(address);
    await status(second, "ended");
    await screenshot(second, "controls-ended-before");
    await second.close();
    await page.getByTestId("to-library").click();
    await page.getByTestId("library").waitFor();
    // The address of a session that never was, or is forgotten by now.
    await page.goto(`${house.url}/play/nowhere`);
    await status(page, "closed");
    await screenshot(page, "controls-no-such-session");
    await page.getByTestId("to-library").click();
    await page.getByTestId("library").waitFor();
  });
});

/** Runs in the page: which of the round controls lies over another or leaves the screen; null: none. */
function overlap(): string | null {
  const controls = "[data-testid^=touch-button-], .player-corner button";
  const rounds = [...document.querySelectorAll(controls)].map((element) => {
    const { left, top, width } = element.getBoundingClientRect();
    const radius = width / 2;
    return { name: element.getAttribute("data-testid"), x: left + radius, y: top + radius, radius };
  }).filter(({ radius }) => radius > 0);
  for (const [i, { name, x, y, radius }] of rounds.entries()) {
    const edge = Math.min(x, y, innerWidth - x, innerHeight - y);
    if (edge < radius) return `${name} leaves the screen`;
    for (const other of rounds.slice(i + 1)) {
      const distance = Math.hypot(x - other.x, y - other.y);
      if (distance < radius + other.radius) return `${name} lies over ${other.name}`;
    }
  }
  return null;
}

/** The largest of 0.3 s of samples of the session's microphone, 0–32768. */
async function loudest(socket: string): Promise<number> {
  const recorder = new Deno.Command("parec", {
    args: [
      "--raw",
      "--rate=48000",
      "--channels=1",
      "--format=s16le",
      "--latency-msec=20",
      "--device=microphone",
      `--server=unix:${socket}`,
    ],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let samples = 0;
  let most = 0;
  for await (const chunk of recorder.stdout) {
    const even = chunk.slice(0, chunk.length & ~1);
    for (const value of new Int16Array(even.buffer)) most = Math.max(most, Math.abs(value));
    samples += even.length / 2;
    if (samples > 0.3 * 48000) break;
  }
  recorder.kill("SIGKILL");
  await recorder.status;
  return most;
}

Deno.test("what is held is let go when the network is cut", async () => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page(DESKTOP);
  await using path = await impair(page);
  await claim(page, house);
  await play(page, "testcard");
  using game = await probe(house, page);
  await page.keyboard.down("KeyW");
  await game.until("W", ({ held }) => held.has(KEY_W));
  path.cut = true;
  await game.until("W let go", ({ held }) => held.size === 0, 20_000);
});

Deno.test("a phone's controls", async (t) => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const desktop = await chromium.page(DESKTOP);
  await claim(desktop, house);
  const page = await chromium.page(PHONE);
  await logIn(page, house.url);
  await screenshot(page, "phone-library");
  await page.getByTestId("game-tile-testcard").tap();
  await screenshot(page, "phone-game");
  await page.getByTestId("play-button").tap();
  await picture(page);
  using game = await probe(house, page);

  const onPicture = async (x: number, y: number) => {
    const box = (await page.getByTestId("player-video").boundingBox())!;
    const { width, height } = await live(page);
    const scale = Math.min(box.width / width, box.height / height);
    return {
      x: box.x + box.width / 2 + (x - 0.5) * width * scale,
      y: box.y + box.height / 2 + (y - 0.5) * height * scale,
    };
  };
  const tap = async (x: number, y: number) => {
    const at = await onPicture(x, y);
    await page.touchscreen.tap(at.x, at.y);
  };
  const fingerIs = async (mode: string) => {
    await page.getByTestId("player-menu-button").tap();
    await page.getByTestId(`touch-mode-${mode}`).tap();
    await page.getByTestId("player-menu").getByTestId("resume-button").tap();
    await page.getByTestId("player-menu").waitFor({ state: "detached" });
  };

  await t.step("buttons on the screen are keys where gamepads do not reach the game", async () => {
    await page.getByTestId("touch-overlay").waitFor();
    const { padsReach } = await live(page);
    if (padsReach.available) return;
    await page.getByTestId("touch-button-enter").tap();
    await game.until("Enter", ({ pressed, held }) => pressed.at(-1) === 28 && held.size === 0);
    const dpad = (await page.getByTestId("touch-button-dpad").boundingBox())!;
    await page.touchscreen.tap(dpad.x + dpad.width * 0.9, dpad.y + dpad.height / 2);
    await game.until(
      "the right arrow",
      ({ pressed, held }) => pressed.at(-1) === KEY_RIGHT && held.size === 0,
    );
  });

  await t.step("a finger is a touch, a mouse or a trackpad", async () => {
    await tap(0.5, 0.5);
    await game.until("a touch", ({ touches }) => touches.join() === "down 0,up 0");
    await fingerIs("mouse");
    await tap(0.25, 0.75);
    await game.until(
      "a click there",
      ({ pressed, held, pointer }) =>
        pressed.at(-1) === BTN_LEFT && held.size === 0 && pointer.x > 0,
    );
    const { width, height } = await live(page);
    assert.ok(Math.abs(game.pointer.x - width / 4) < 6, `x ${game.pointer.x} of ${width}`);
    assert.ok(Math.abs(game.pointer.y - height * 0.75) < 6, `y ${game.pointer.y} of ${height}`);
    await fingerIs("trackpad");
    const clicks = game.pressed.length;
    const before = { ...game.pointer };
    await tap(0.9, 0.1);
    await game.until(
      "a click where the pointer was",
      ({ pressed, held }) => pressed.length === clicks + 1 && held.size === 0,
    );
    assert.deepEqual(game.pointer, before);
    await fingerIs("touch");
    assert.equal(game.touches.length, 2);
  });

  await t.step(
    "the keyboard button opens the phone's keyboard, whose text the game gets",
    async () => {
      await page.getByTestId("keyboard-button").tap();
      await page.waitForFunction(() =>
        document.activeElement?.getAttribute("data-testid") === "player-text"
      );
      await page.keyboard.insertText("Grüße, 日本");
      await game.until("the text", ({ text }) => text === "Grüße, 日本");
      await screenshot(page, "phone-portrait-playing");
    },
  );

  await t.step("what the page tells lies over no button", async () => {
    // Text, its size and its place are those of any other notice.
    await page.getByTestId("player-menu-button").tap();
    await page.getByTestId("screenshot-button").tap();
    await page.getByTestId("player-menu").getByTestId("resume-button").tap();
    const notice = (await page.getByTestId("player-notice").boundingBox())!;
    for (const button of await page.locator("[data-testid^=touch-button-]").all()) {
      const box = (await button.boundingBox())!;
      assert.ok(notice.y + notice.height <= box.y || box.y + box.height <= notice.y);
    }
    await screenshot(page, "phone-notice");
  });

  await t.step("what lies over the picture does not lie over other controls", async () => {
    await page.setViewportSize({ width: 844, height: 390 });
    await page.waitForFunction(() => innerWidth === 844);
    await screenshot(page, "phone-landscape-playing");
    for (const size of [{ width: 844, height: 390 }, { width: 390, height: 844 }]) {
      await page.setViewportSize(size);
      await page.waitForFunction((width) => innerWidth === width, size.width);
      let found = "";
      // The controls are laid out anew once the page knows its size.
      await until(`nothing over anything at ${size.width}×${size.height}`, async () => {
        const problem = await page.evaluate(overlap);
        found = problem ?? "";
        return problem === null;
      }).catch((error) => assert.fail(`${error.message}: ${found}`));
    }
  });
});
