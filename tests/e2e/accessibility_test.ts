/** Every page of a real house: each control has a name, the focus is never lost, motion can be off. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { screenshot, startBrowser, until } from "./browser.ts";
import { startHouse } from "./house.ts";
import { claim, picture } from "./player.ts";

const CONTROLS = new Set(
  "button link textbox searchbox checkbox radio slider combobox switch spinbutton menuitem tab"
    .split(" "),
);
const NEED_NAMES = new Set([...CONTROLS, "dialog", "image", "img", "progressbar", "navigation"]);

/** Elements that a screen reader would meet without a name, as `role <html…>`. */
async function nameless(page: Page): Promise<string[]> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Accessibility.enable");
  const { nodes } = await devtools.send("Accessibility.getFullAXTree");
  const found: string[] = [];
  for (const { ignored, role, name, backendDOMNodeId } of nodes) {
    if (ignored || !NEED_NAMES.has(role?.value) || name?.value?.trim()) continue;
    const { outerHTML } = await devtools.send("DOM.getOuterHTML", {
      backendNodeId: backendDOMNodeId,
    });
    found.push(`${role!.value} ${outerHTML.slice(0, 120)}`);
  }
  await devtools.detach();
  return found;
}

/** Tab goes round the page's controls and comes back, and the arrows find one. */
async function keepsFocus(page: Page): Promise<void> {
  const focused = () =>
    page.evaluate(() => {
      const active = document.activeElement;
      if (!active || active === document.body) return undefined;
      const { width, height } = active.getBoundingClientRect();
      return width > 0 && height > 0 ? active.tagName : undefined;
    });
  for (const key of ["ArrowDown", "ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"]) {
    await page.keyboard.press(key);
    assert.ok(await focused(), `no focus after ${key} at ${page.url()}`);
  }
}

/** Nothing moves by itself, but what shows progress by its length. */
async function still(page: Page): Promise<void> {
  const running = await page.evaluate(() =>
    document.getAnimations()
      .filter(({ playState, effect }) =>
        playState === "running" && Number(effect?.getComputedTiming().duration) > 50
      )
      .map((animation) => (animation as CSSAnimation).animationName ?? "transition")
  );
  assert.deepEqual(running, [], `at ${page.url()}`);
}

/** Nothing is wider than the screen. */
async function fits(page: Page): Promise<void> {
  const { content, screen } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    screen: innerWidth,
  }));
  assert.ok(content <= screen, `${content} px on a screen of ${screen} px at ${page.url()}`);
}

const SIZES = {
  phone: { width: 390, height: 844 },
  sideways: { width: 844, height: 390 },
  desktop: { width: 1280, height: 800 },
};

Deno.test("every page has names for its controls, keeps the focus, fits and can be still", async () => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page({ reducedMotion: "reduce" });
  const check = async (name: string) => {
    assert.deepEqual(await nameless(page), [], `at ${page.url()}`);
    await keepsFocus(page);
    await still(page);
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.setViewportSize(viewport);
      await page.waitForFunction((width) => innerWidth === width, viewport.width);
      await fits(page);
      await screenshot(page, `page-${name}-${size}`);
    }
  };

  await page.goto(house.url);
  await page.getByTestId("claim-code").waitFor();
  await check("claim");
  await claim(page, house);
  await page.getByTestId("game-tile-testcard").waitFor();
  await check("library");
  for (const section of ["controller", "touch", "keyboard", "people", "machine"]) {
    await page.goto(`${house.url}/settings/${section}`);
    await page.locator(`[data-testid=settings-${section}][aria-current=page]`).waitFor();
    if (section === "machine") {
      await page.locator("[data-testid^=capability-]").first().waitFor();
      assert.ok(await page.locator("[data-testid^=capability-]").count() >= 8);
      await page.getByTestId("capability-uinput").waitFor();
    }
    await check(`settings-${section}`);
    await page.setViewportSize(SIZES.phone);
    await page.reload();
    const tab = page.getByTestId(`settings-${section}`);
    await until(`the ${section} tab on a phone's screen`, async () => {
      const box = await tab.boundingBox();
      return box !== null && box.x >= 0 && box.x + box.width <= SIZES.phone.width;
    });
  }
  await page.goto(`${house.url}/trust`);
  await page.getByTestId("trust").waitFor();
  await check("trust");
  await page.goto(`${house.url}/no/such/page`);
  await page.getByTestId("not-found").waitFor();
  await check("not-found");
  await page.goto(`${house.url}/games/testcard`);
  await page.getByTestId("play-button").waitFor();
  await check("game");
  await page.getByTestId("play-button").click();
  await picture(page);
  assert.deepEqual(await nameless(page), []);
  await page.keyboard.press("Control+Alt+Shift+KeyM");
  await page.getByTestId("player-menu").waitFor();
  await page.getByTestId("stats-toggle").click();
  await page.getByTestId("stats-overlay").waitFor();
  await check("menu");
  await page.keyboard.press("Escape");
  await page.getByTestId("player-menu").waitFor({ state: "detached" });
  await page.goto(`${house.url}/settings`);
  await page.getByTestId("logout").click();
  await page.getByTestId("login-name").waitFor();
  await check("login");
});

Deno.test("a name that no Debian package has is refused with what is expected", async () => {
  await using house = await startHouse();
  await using chromium = await startBrowser();
  const page = await chromium.page();
  await claim(page, house);
  const refused = async (source: string, text: RegExp) => {
    await page.getByTestId("import-source").fill(source);
    await page.getByTestId("import-submit").click();
    await until(
      `${text} for ${source}`,
      async () => text.test(await page.getByTestId("import-error").textContent() ?? ""),
    );
  };
  await refused("my favourite game!", /“my favourite game!” is no name of a Debian package/);
  await refused("https://example.org/game.zip", /is no name of a Debian package/);
  await refused("deb:", /is no name of a Debian package/);
  await screenshot(page, "import-refused");
  await page.getByTestId("import-source").fill("DEB: chromium-bsu");
  await page.getByTestId("import-submit").click();
  await page.locator("[data-testid^=import-progress-]").waitFor();
  assert.equal(await page.getByTestId("import-error").count(), 0);
});
