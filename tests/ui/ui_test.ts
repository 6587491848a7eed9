/**
 * The pages in a real browser against the mock house: what a newcomer, a player on the sofa with
 * nothing but a gamepad, a player with nothing but a keyboard, and one with a phone can do.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { loadUiAssets } from "../../ui/assets.ts";
import type { UiAssets } from "../../src/protocol/ui_assets.ts";
import { buildUi } from "../../ui/build.ts";
import type { ExposedStats } from "../../ui/player/exposed_stats.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { CHROMIUM, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { installFakePad, setPad } from "./fake_pad.ts";
import { MOCK_GAMES } from "./mock_data.ts";
import { CLAIM_CODE, MockHouse, type MockOptions, PASSWORD } from "./mock_house.ts";

const PHONE: BrowserContextOptions = {
  viewport: { width: 844, height: 390 },
  hasTouch: true,
  isMobile: true,
};

const RUNNING: SessionInfo = {
  id: "session-1",
  gameId: "testcard",
  title: "Test card",
  node: "gamelan",
  owner: "ayu",
  ownerName: "Ayu",
  sharing: "private",
  state: "playing",
  mode: { width: 1280, height: 720, fps: 60 },
  viewers: 0,
  startedAt: 1,
};

/** Waits until a condition of the mock holds. */
async function until(what: string, condition: () => boolean | undefined): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`expected ${what} within 10 s`);
}

const focused = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute("data-testid"));
const stats = (page: Page) =>
  page.evaluate(() =>
    (globalThis as unknown as { gamelan: { stats(): ExposedStats } }).gamelan.stats()
  );
const status = (page: Page, state: string) =>
  page.locator(`[data-testid=player-status][data-state=${state}]`).waitFor({ state: "attached" });

/** Built once for all tests of this file; the assets are in memory, the folder goes at once. */
let built: Promise<UiAssets> | undefined;
function assetsUnderTest(): Promise<UiAssets> {
  return built ??= (async () => {
    const dir = await Deno.makeTempDir({ prefix: "gamelan-ui-" });
    try {
      await buildUi(join(dir, "dist"));
      return loadUiAssets(join(dir, "dist"));
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  })();
}

interface Visit extends MockOptions {
  path?: string;
  context?: BrowserContextOptions;
  pad?: boolean;
}

/** A test with a house and a browser of its own. */
function visit(
  name: string,
  options: Visit,
  act: (page: Page, house: MockHouse) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const house = new MockHouse(await assetsUnderTest(), structuredClone(options));
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
    try {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        ...options.context,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      if (options.pad) await page.addInitScript(installFakePad);
      await page.goto(house.url + (options.path ?? "/"));
      await act(page, house);
      assert.deepEqual(errors, []);
    } finally {
      await browser.close();
      await house.close();
    }
  });
}

visit(
  "a newcomer claims the house by the code in the address",
  { claimed: false, path: `/#claim=${CLAIM_CODE}` },
  async (page, house) => {
    await page.getByTestId("claim-name").waitFor();
    assert.equal(await page.getByTestId("claim-code").inputValue(), CLAIM_CODE);
    await page.getByTestId("claim-name").fill("Ayu");
    await page.getByTestId("claim-password").fill(PASSWORD);
    await page.getByTestId("claim-submit").click();
    await page.getByTestId("library").waitFor();
    assert.equal(new URL(page.url()).hash, "", "the code does not stay in the address");
    assert.equal(house.state.user?.name, "Ayu");
  },
);

visit("a wrong code is refused in plain words", { claimed: false }, async (page) => {
  await page.getByTestId("claim-code").fill("NOPE-NOPE");
  await page.getByTestId("claim-name").fill("Ayu");
  await page.getByTestId("claim-password").fill(PASSWORD);
  await page.getByTestId("claim-submit").click();
  await page.getByText("not the claim code").waitFor();
});

visit(
  "with the keyboard alone: sign in, walk the library, play, open the menu, leave",
  { signedIn: false },
  async (page, house) => {
    await page.getByTestId("login-name").waitFor();
    await page.waitForFunction(() => document.activeElement?.tagName === "INPUT");
    await page.keyboard.type("Ayu");
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByTestId("library").waitFor();
    await page.waitForFunction(() =>
      document.activeElement?.getAttribute("data-testid") === "game-tile-testcard"
    );
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), "game-tile-supertux");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(page), "game-tile-supertux");
    await page.keyboard.press("Enter");
    await page.getByTestId("play-button").waitFor();
    await page.waitForFunction(() =>
      document.activeElement?.getAttribute("data-testid") === "play-button"
    );
    await page.keyboard.press("Enter");
    await status(page, "playing");
    const session = [...house.sessions.values()][0];
    await until("the picture", () => session.controls.some(({ type }) => type === "ping"));

    await page.keyboard.down("KeyW");
    await page.keyboard.down("KeyW");
    await page.keyboard.up("KeyW");
    // Each with its copies, as they are sent where the first may be lost.
    await until("the key", () => session.inputs.filter((e) => e.kind === "key").length >= 8);
    const keys = (channel: string) =>
      session.inputs.flatMap((event) =>
        event.kind === "key" && event.channel === channel
          ? [[event.code, event.down, event.count]]
          : []
      );
    const [[, , first]] = keys("control") as [number, boolean, number][];
    assert.deepEqual(keys("control"), [[17, true, first], [17, false, first + 1]]);
    assert.deepEqual(
      keys("motion").sort().map(([, , count]) => count),
      [first + 1, first + 1, first + 1, first, first, first],
    );

    await page.keyboard.press("Control+Alt+Shift+KeyM");
    await page.getByTestId("player-menu").waitFor();
    await page.waitForFunction(() =>
      document.activeElement?.getAttribute("data-testid") === "resume-button"
    );
    await until("the release", () => session.inputs.at(-1)?.kind === "release-all");
    const sentKeys = () =>
      session.inputs.filter(({ kind, channel }) => kind === "key" && channel === "control").length;
    const before = sentKeys();
    await page.keyboard.press("ArrowDown");
    assert.equal(sentKeys(), before, "menu keys are not the game's");
    await page.keyboard.press("Escape");
    await page.getByTestId("player-menu").waitFor({ state: "detached" });
    await page.keyboard.press("Control+Alt+Shift+KeyM");
    await page.waitForFunction(() =>
      document.activeElement?.getAttribute("data-testid") === "resume-button"
    );
    for (let i = 0; i < 30 && await focused(page) !== "leave-button"; i++) {
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), "end-button");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await focused(page), "leave-button");
    await page.keyboard.press("Enter");
    await page.getByTestId("library").waitFor();
  },
);

visit(
  "with a gamepad alone: walk, play, let the game have the pad, open the menu, end",
  { pad: true, context: { viewport: { width: 1920, height: 1080 } } },
  async (page, house) => {
    const tap = async (button: number) => {
      await setPad(page, { buttons: [button] });
      await setPad(page, {});
    };
    await page.getByTestId("library").waitFor();
    await setPad(page, {});
    await tap(13);
    await page.waitForFunction(() =>
      document.activeElement?.getAttribute("data-testid")?.startsWith("game-tile-")
    );
    await tap(12);
    assert.equal(await focused(page), "game-tile-testcard");
    await tap(15);
    assert.equal(await focused(page), "game-tile-supertux");
    await tap(0);
    await page.getByTestId("play-button").waitFor();
    await tap(1);
    await page.getByTestId("library").waitFor();
    await page.waitForFunction(() =>
      document.activeElement?.getAttribute("data-testid") === "game-tile-testcard"
    );
    await tap(0);
    await page.waitForFunction(() =>
      document.activeElement?.getAttribute("data-testid") === "play-button"
    );
    await tap(0);
    await status(page, "playing");
    const session = [...house.sessions.values()][0];
    await setPad(page, { buttons: [2], axes: [0.5, -1, 0, 0] });
    await until(
      "the pad's state",
      () =>
        session.inputs.some((event) =>
          event.kind === "pad-state" && event.buttons === 4 && event.axes[1] === -1 &&
          event.channel === "motion"
        ),
    );
    const connect = session.inputs.find((event) => event.kind === "pad-connect");
    assert.ok(connect?.kind === "pad-connect" && connect.pad === 0);
    assert.match(connect.name, /Fake pad/);

    session.send({ type: "rumble", pad: 0, strong: 1, weak: 0.5, ms: 200 });
    await page.waitForFunction(() =>
      (globalThis as unknown as { rumbled?: number }).rumbled === 200
    );

    await setPad(page, { buttons: [8, 9] });
    await page.getByTestId("player-menu").waitFor();
    await setPad(page, {});
    await until("the game to see the pad let go", () => {
      const last = session.inputs.findLast((event) => event.kind === "pad-state");
      return last?.kind === "pad-state" && last.buttons === 0;
    });
    for (let i = 0; i < 60 && await focused(page) !== "end-button"; i++) {
      await tap(13);
      if (await focused(page) === "leave-button") await tap(15);
    }
    await tap(0);
    await status(page, "ended");
    await page.getByText("You ended the game.").waitFor();
    await tap(1);
    await page.getByTestId("library").waitFor();
  },
);

visit(
  "text is written with a gamepad on the keyboard of the page",
  { pad: true, signedIn: false },
  async (page) => {
    await page.getByTestId("login-name").focus();
    await setPad(page, {});
    const press = async (button: number) => {
      await setPad(page, { buttons: [button] });
      await setPad(page, {});
    };
    await press(0);
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    await press(0);
    await press(15);
    await press(0);
    await press(1);
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor({ state: "detached" });
    assert.equal(await page.getByTestId("login-name").inputValue(), "qw");
  },
);

visit(
  "mouse and wheel reach the game at their place on the picture",
  { sessions: [RUNNING], path: "/play/session-1" },
  async (page, house) => {
    const session = house.sessions.get("session-1")!;
    await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
    await page.locator(".player-cover").waitFor({ state: "detached" });
    // 320 × 180 in 1280 × 800: 1280 × 720 with bars of 40.
    await page.mouse.move(320, 40 + 540);
    await page.mouse.down({ button: "right" });
    await page.mouse.up({ button: "right" });
    await page.mouse.wheel(0, 200);
    await until("the wheel", () => session.inputs.some(({ kind }) => kind === "wheel"));
    const button = session.inputs.find((event) => event.kind === "button");
    assert.ok(button?.kind === "button" && button.code === 0x111);
    const moved = session.inputs.findLast((event) => event.kind === "pointer-absolute");
    assert.ok(moved?.kind === "pointer-absolute");
    assert.ok(Math.abs(moved.x - 0.25) < 0.002 && Math.abs(moved.y - 0.75) < 0.002);
    const wheel = session.inputs.find((event) => event.kind === "wheel");
    assert.ok(wheel?.kind === "wheel" && wheel.dy === 240);
    session.send({ type: "cursor", name: "crosshair", hotspotX: 0, hotspotY: 0 });
    await page.waitForFunction(() => document.querySelector("video")!.style.cursor === "crosshair");
    const now = await stats(page);
    assert.equal(now.connection, "connected");
    assert.equal(now.session, "playing");
    assert.deepEqual([now.width, now.height], [320, 180]);
    assert.ok(now.framesShown > 0 && now.inputsSent > 3);
  },
);

visit(
  "a lost connection is said, and comes back by itself with the picture",
  { sessions: [RUNNING], path: "/play/session-1" },
  async (page, house) => {
    const session = house.sessions.get("session-1")!;
    await status(page, "playing");
    session.refusing = true;
    await session.cut();
    await status(page, "reconnecting");
    await page.getByText("Connection lost, reconnecting").waitFor();
    session.refusing = false;
    await status(page, "playing");
    assert.equal((await stats(page)).reconnects, 1);
    assert.ok(session.joins >= 2);
  },
);

visit(
  "a session that moved elsewhere or failed says so, and offers the way on",
  { sessions: [RUNNING], path: "/play/session-1" },
  async (page, house) => {
    const session = house.sessions.get("session-1")!;
    await status(page, "playing");
    session.bye("This session moved to another device.");
    await status(page, "closed");
    await page.getByText("moved to another device").waitFor();
    await page.getByTestId("play-again").click();
    await status(page, "playing");
    session.change({ state: "failed", reason: "The game crashed." });
    await status(page, "failed");
    await page.getByText("The game crashed.").waitFor();
  },
);

visit(
  "statistics follow the frames, stage by stage",
  { sessions: [RUNNING], path: "/play/session-1" },
  async (page, house) => {
    const session = house.sessions.get("session-1")!;
    await status(page, "playing");
    await page.keyboard.press("Control+Alt+Shift+KeyS");
    await page.getByTestId("stats-overlay").waitFor();
    await until(
      "the wish for records",
      () => session.controls.some((message) => message.type === "trace" && message.on),
    );
    await page.waitForFunction(() =>
      (globalThis as unknown as { gamelan: { stats(): ExposedStats } }).gamelan.stats()
        .tracedFrames > 10
    );
    const { stages } = await stats(page);
    assert.ok(Math.abs(stages.encode! - 3) < 0.01);
    assert.ok(stages.network !== undefined && stages.network < 200);
    assert.ok(await page.locator(".stats-plot canvas").count() === 1);
  },
);

visit(
  "on a phone the touch controls are a gamepad",
  { sessions: [RUNNING], path: "/play/session-1", context: PHONE },
  async (page, house) => {
    const session = house.sessions.get("session-1")!;
    await status(page, "playing");
    await page.getByTestId("touch-overlay").waitFor();
    await page.getByTestId("touch-button-a").tap();
    await until(
      "the A button",
      () => session.inputs.some((event) => event.kind === "pad-state" && event.buttons === 1),
    );
    await until("its release", () => {
      const last = session.inputs.findLast((event) => event.kind === "pad-state");
      return last?.kind === "pad-state" && last.buttons === 0;
    });
    await page.touchscreen.tap(422, 120);
    await until(
      "the touch",
      () => session.inputs.some((event) => event.kind === "touch" && event.phase === "up"),
    );
    await page.getByTestId("player-menu-button").tap();
    await page.getByTestId("touch-toggle").tap();
    await page.getByTestId("resume-button").tap();
    await page.getByTestId("touch-overlay").waitFor({ state: "detached" });
  },
);

visit(
  "on a phone held upright nothing is wider than the screen",
  { sessions: [RUNNING], context: { ...PHONE, viewport: { width: 390, height: 844 } } },
  async (page, house) => {
    const paths = ["/", "/games/supertux", "/trust", "/settings/machine", "/settings/touch"];
    for (const path of paths) {
      await page.goto(house.url + path);
      await page.locator("h1, h2").first().waitFor();
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 390, `${path} is ${width} wide`);
    }
  },
);

visit("an import shows its progress and ends in the library", {}, async (page, house) => {
  await page.getByTestId("import-source").fill("neverputt");
  await page.getByTestId("import-submit").click();
  await page.getByTestId("import-progress-import-1").waitFor();
  await page.getByTestId("game-tile-neverputt").waitFor();
  assert.deepEqual(house.requests, ['POST /api/imports {"source":"deb:neverputt"}']);
});

visit(
  "a friend joins by the link that the player made",
  { sessions: [RUNNING], path: "/games/testcard" },
  async (page, house) => {
    await page.getByTestId("invite-create").click();
    const link = await page.getByTestId("invite-link").inputValue();
    house.state = { ...house.state, user: null };
    await page.goto(link);
    await page.getByTestId("join-name").fill("Budi");
    await page.getByTestId("join-submit").click();
    await status(page, "playing");
  },
);

visit("the trust page needs no one signed in", {
  signedIn: false,
  path: "/trust",
}, async (page) => {
  await page.getByTestId("ca-download").waitFor();
  await page.getByTestId("trust-ios").click();
  await page.getByText("Certificate Trust Settings").waitFor();
  assert.equal(await page.getByTestId("ca-download").getAttribute("href"), "/ca.mobileconfig");
});

visit("a house that goes away is said, and is back when it is back", {}, async (
  page,
  house,
) => {
  await page.getByTestId("library").waitFor();
  house.setDown(true);
  await page.getByTestId("offline").waitFor();
  house.setDown(false);
  await page.getByTestId("offline").waitFor({ state: "detached" });
});

visit("an address that does not exist leads back", { path: "/nope" }, async (page) => {
  await page.getByTestId("not-found").getByRole("link").click();
  await page.getByTestId("library").waitFor();
});

const LONG_NAME = "Donaudampfschifffahrtsgesellschaftskapitänssimulator: Die Rückkehr";
const LONG_ERROR = "E: Failed to fetch https://mirror.example.org/debian/dists/bookworm/main/" +
  "binary-amd64/Packages.xz Connection timed out (110).";

visit(
  "sixty games, long names and long errors widen no page",
  {
    games: Array.from({ length: 60 }, (_, i) => ({
      ...MOCK_GAMES[i % MOCK_GAMES.length],
      id: `game-${i}`,
      title: i % 4 === 0 ? LONG_NAME : `Game ${i}`,
    })),
    imports: [
      { id: "i1", source: "deb:a", state: "failed", step: "", progress: 0.1, error: LONG_ERROR },
    ],
    sessions: [{ ...RUNNING, title: LONG_NAME }],
    context: { viewport: { width: 390, height: 844 } },
  },
  async (page, house) => {
    const fits = async () =>
      assert.ok(
        await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        `${page.url()} is wider than the screen`,
      );
    await page.getByTestId("game-tile-game-59").waitFor();
    await fits();
    await page.getByTestId("game-tile-game-0").click();
    await page.getByTestId("play-button").waitFor();
    await fits();
    await page.goto(`${house.url}/play/session-1`);
    const session = house.sessions.get("session-1")!;
    await until("the page to join", () => session.joins > 0);
    session.change({ state: "failed", reason: LONG_ERROR });
    await page.getByText(LONG_ERROR).waitFor();
    await fits();
  },
);

const OTHERS: SessionInfo[] = [
  { ...RUNNING, id: "s-mine" },
  { ...RUNNING, id: "s-shared", title: "Neverball", owner: "budi", ownerName: "Budi" },
  { ...RUNNING, id: "s-private", title: "SuperTux", owner: "budi", ownerName: "Budi" },
].map((session) => ({ ...session, sharing: session.id === "s-shared" ? "watch" : "private" }));

visit("others' sessions are to be watched where they are shared, and named where not", {
  sessions: OTHERS,
}, async (page, house) => {
  const shared = page.getByTestId("session-s-shared");
  await shared.waitFor();
  assert.match((await shared.textContent())!, /Watch Budi/);
  assert.equal(await shared.getAttribute("href"), "/play/s-shared");
  const hidden = page.getByTestId("session-s-private");
  assert.match((await hidden.textContent())!, /Budi plays/);
  assert.equal(await hidden.getAttribute("href"), null);
  await hidden.getByRole("button", { name: "End SuperTux of Budi" }).click();
  await until("the session to end", () => house.sessions.get("s-private")!.info.state === "ended");
});

visit("a player shares a session, invites two friends and takes the invitation back", {
  sessions: [OTHERS[0]],
  path: "/games/testcard",
}, async (page, house) => {
  await page.getByTestId("sharing-watch").click();
  await until(
    "the session to be shared",
    () => house.sessions.get("s-mine")!.info.sharing === "watch",
  );
  await page.locator('[data-testid="sharing-watch"][aria-checked="true"]').waitFor();
  await page.getByTestId("invite-uses-2").click();
  await page.getByTestId("invite-hours-1").click();
  await page.getByTestId("invite-create").click();
  assert.match(await page.getByTestId("invite-link").inputValue(), /\/join#s-mine-token$/);
  assert.deepEqual(
    house.invites.map(({ uses, role, sessionId }) => [uses, role, sessionId]),
    [[2, "player", "s-mine"]],
  );
  await page.getByTestId("invite-i-1").getByText("For 2 friends").waitFor();
  // The owner finds it among the people too.
  await page.goto(house.url + "/settings/people");
  await page.getByTestId("invite-i-1").getByText("To play: Test card").waitFor();
  await page.getByTestId("invite-revoke-i-1").click();
  await page.getByTestId("invite-i-1").waitFor({ state: "detached" });
  assert.deepEqual(house.invites, []);
  // What was chosen is what the next session starts with.
  await page.goto(house.url + "/games/supertux");
  await page.locator('[data-testid="sharing-watch"][aria-checked="true"]').waitFor();
  await page.getByTestId("play-button").click();
  await until("the game to start", () => house.sessions.size === 2);
  const started = house.requests.find((line) => line.startsWith("POST /api/sessions {"))!;
  assert.match(started, /"sharing":"watch"/);
});
