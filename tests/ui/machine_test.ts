/** The owner's pages about the machine, in a real browser against the mock house. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { UiAssets } from "../../src/protocol/ui_assets.ts";
import { loadUiAssets } from "../../ui/assets.ts";
import { buildUi } from "../../ui/build.ts";
import { CHROMIUM, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { HOME, PASSPHRASE } from "./mock_machine.ts";
import { MockHouse, PASSWORD } from "./mock_house.ts";

/** Where pictures of the pages go, to be looked at. */
const PICTURES = Deno.env.get("GAMELAN_TEST_PICTURES");
const SCREENS: Record<string, BrowserContextOptions> = {
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
  desktop: { viewport: { width: 1280, height: 800 } },
  tv: { viewport: { width: 1920, height: 1080 } },
};

let built: Promise<UiAssets> | undefined;
function assets(): Promise<UiAssets> {
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

function visit(
  name: string,
  { path, appliance = true, screen = "desktop" }: {
    path: string;
    appliance?: boolean;
    screen?: string;
  },
  act: (page: Page, house: MockHouse) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const house = new MockHouse(await assets(), { appliance });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
    try {
      const page = await (await browser.newContext(SCREENS[screen])).newPage();
      page.setDefaultTimeout(20_000);
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(house.url + path);
      await act(page, house);
      assert.deepEqual(errors, []);
    } finally {
      await browser.close();
      await house.close();
    }
  });
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

visit("a machine that is more than a house offers no network, keys or reset", {
  path: "/settings/machine",
  appliance: false,
}, async (page) => {
  await page.getByTestId("node-gamelan").waitFor();
  for (const id of ["settings-network", "ssh", "reset", "system"]) {
    assert.equal(await page.getByTestId(id).count(), 0, id);
  }
  await page.getByTestId("settings-backup").waitFor();
});

visit(
  "Wi-Fi is joined with its passphrase; a wrong one is said",
  { path: "/settings/network" },
  async (page, house) => {
    await page.getByTestId(`wifi-${HOME}`).click();
    await page.getByTestId("wifi-passphrase").fill("short");
    await page.getByTestId("wifi-join").click();
    assert.match(await page.getByTestId("wifi-dialog-error").innerText(), /8 to 63 characters/);
    await page.getByTestId("wifi-passphrase").fill("not the right one");
    await page.getByTestId("wifi-join").click();
    await page.getByText("Check the passphrase").waitFor();
    await page.getByTestId("wifi-passphrase").fill(PASSPHRASE);
    await page.getByTestId("wifi-join").click();
    await page.getByTestId("wifi-dialog").waitFor({ state: "detached" });
    await page.getByTestId("wifi").getByText("192.168.1.31/24").waitFor();
    // A network's name is text, whatever it is.
    assert.equal(await page.locator(".networks b").count(), 0);
    assert.equal(house.requests.filter((one) => one.includes("short")).length, 0);
  },
);

visit("a fixed address is tried, and kept by a button or at the new address", {
  path: "/settings/network",
}, async (page, house) => {
  await page.getByTestId("wired-edit-enp3s0").click();
  await page.getByTestId("wired-fixed").click();
  assert.equal(await page.getByTestId("wired-address").inputValue(), "192.168.1.20");
  await page.getByTestId("wired-address").fill("192.168.1.500");
  await page.getByTestId("wired-submit").click();
  assert.match(await page.getByTestId("wired-error").innerText(), /Address: expected an IPv4/);
  await page.getByTestId("wired-address").fill("192.168.1.50");
  await page.getByTestId("wired-dns").fill("9.9.9.9, 1.1.1.1");
  await page.getByTestId("wired-submit").click();
  await page.getByTestId("wired-trial").waitFor();
  const link = await page.getByTestId("wired-link").getAttribute("href");
  const { port } = new URL(house.url);
  assert.equal(link, `http://192.168.1.50:${port}/keep-network#token`);
  await picture(page, "network-trial-desktop");
  await page.getByTestId("wired-keep").click();
  await page.getByTestId("wired-trial").waitFor({ state: "detached" });
  assert.equal(house.machine.network.pending, null);
  const sent = house.requests.find((one) => one.startsWith("POST /api/machine/wired {"))!;
  assert.deepEqual(JSON.parse(sent.slice(sent.indexOf("{"))).setting, {
    method: "fixed",
    address: "192.168.1.50",
    prefix: 24,
    gateway: "192.168.1.1",
    dns: ["9.9.9.9", "1.1.1.1"],
  });
});

visit(
  "who opens the new address keeps it without signing in",
  { path: "/keep-network#token" },
  async (page, house) => {
    await page.getByText("The new address is kept").waitFor();
    assert.ok(house.requests.includes('POST /api/machine/wired/keep {"token":"token"}'));
  },
);

visit(
  "SSH is off until there is a key, and off again without one",
  { path: "/settings/machine" },
  async (page) => {
    const panel = page.getByTestId("ssh");
    await panel.getByText("Off", { exact: true }).waitFor();
    await page.getByTestId("ssh-add").click();
    await page.getByTestId("ssh-key").fill("my password");
    await page.getByTestId("ssh-submit").click();
    await page.getByTestId("ssh-error").waitFor();
    await page.getByTestId("ssh-key").fill("ssh-ed25519 AAAAC3Nz ayu@laptop");
    await page.getByTestId("ssh-submit").click();
    await panel.getByText("On", { exact: true }).waitFor();
    await panel.getByText("SHA256:kq3Jm0").waitFor();
    await page.getByLabel("Remove ayu@laptop").click();
    await page.getByText("It is the last one: SSH goes off.").waitFor();
    await page.getByTestId("ssh-remove").click();
    await panel.getByText("Off", { exact: true }).waitFor();
  },
);

visit(
  "a factory reset wants the word and the password",
  { path: "/settings/machine" },
  async (page, house) => {
    await page.getByTestId("reset-open").click();
    await page.getByTestId("confirm-password").fill("wrong");
    assert.equal(await page.getByTestId("confirm-submit").isDisabled(), true);
    await page.getByTestId("reset-word").fill("Erase");
    await page.getByTestId("confirm-submit").click();
    assert.match(await page.getByTestId("confirm-error").innerText(), /password is wrong/);
    await picture(page, "reset-dialog-desktop");
    await page.getByTestId("confirm-password").fill(PASSWORD);
    await page.getByTestId("confirm-submit").click();
    await page.getByTestId("reset-started").waitFor();
    assert.ok(house.requests.some((one) => one.startsWith("POST /api/machine/factory-reset")));
  },
);

visit(
  "a backup of the chosen parts is packed and offered",
  { path: "/settings/backup" },
  async (page, house) => {
    await page.getByTestId("backup-part-identity").click();
    await page.getByTestId("backup-start").click();
    await page.getByTestId("confirm-password").fill(PASSWORD);
    await page.getByTestId("confirm-submit").click();
    const link = page.getByTestId("backup-download");
    await link.waitFor();
    assert.equal(await link.getAttribute("href"), "/api/backups/b-1/file");
    assert.match(await link.innerText(), /48 MB/);
    assert.ok(house.requests.some((one) => one.includes('"parts":["config","users","saves"]')));
  },
);

visit("a backup is sent in pieces, looked at, and the house restarts into parts of it", {
  path: "/settings/backup",
}, async (page, house) => {
  const buffer = new Uint8Array(2_500_000);
  await page.getByTestId("restore-file").setInputFiles({
    name: "house.gamelan",
    mimeType: "application/octet-stream",
    // deno-lint-ignore no-explicit-any -- Playwright wants Node's Buffer
    buffer: (await import("node:buffer")).Buffer.from(buffer) as any,
  });
  await page.getByTestId("confirm-password").fill(PASSWORD);
  await page.getByTestId("confirm-submit").click();
  await page.getByTestId("restore-content").waitFor();
  assert.equal(house.requests.filter((one) => one.startsWith("PUT /api/restores/r-1")).length, 3);
  await picture(page, "restore-parts-desktop");
  await page.getByTestId("restore-part-users").click();
  await page.getByTestId("restore-start").click();
  await page.getByTestId("restore-confirm").click();
  await page.getByTestId("restore-done").waitFor();
  assert.ok(house.requests.includes('POST /api/restores/r-1/start {"parts":["saves"]}'));
});

for (const screen of Object.keys(SCREENS)) {
  for (const section of ["network", "backup", "machine"]) {
    visit(`${section} fits a ${screen}`, { path: `/settings/${section}`, screen }, async (page) => {
      const panel = { network: "wifi", backup: "restore", machine: "reset" }[section]!;
      await page.getByTestId(panel).waitFor();
      const wide = await page.evaluate(() =>
        document.documentElement.scrollWidth - document.documentElement.clientWidth
      );
      assert.equal(wide, 0);
      await picture(page, `${section}-${screen}`);
    });
  }
}

visit("an update is sent, waits until nobody plays, and can be given up", {
  path: "/settings/machine",
}, async (page, house) => {
  const last = await page.getByTestId("system-last").textContent();
  assert.match(last!, /0\.3\.0 was tried three times and taken back: .*nothing was encoded/);
  assert.match((await page.getByTestId("system-version").textContent())!, /Version 0\.2\.0 runs/);
  await picture(page, "system");
  const file = { name: "box.gamelan-update", mimeType: "", buffer: Buffer.alloc(2_500_000) };
  await page.getByTestId("system-file").setInputFiles(file);
  await page.getByTestId("system-install-idle").click();
  await page.getByTestId("system-update").getByText("0.4.0 is installed when nobody").waitFor();
  assert.equal(await page.getByTestId("system-choose").count(), 0);
  await picture(page, "system-waiting");
  await page.getByTestId("system-cancel").click();
  await page.getByTestId("system-update").waitFor({ state: "detached" });
  const sent = house.requests.filter((line) => line.includes("/system/"));
  assert.deepEqual(sent.map((line) => line.split(" ").slice(0, 2).join(" ")), [
    "POST /api/system/updates",
    ...Array(3).fill("PUT /api/system/updates/update"),
    "POST /api/system/updates/update/install",
    "POST /api/system/cancel",
  ]);
  assert.match(sent[4], /\{"now":false\}/);
});

visit("why an update is refused is shown, and the way back is one question away", {
  path: "/settings/machine",
  screen: "phone",
}, async (page, house) => {
  house.system.refusal = "The bundle is version 0.1.0, older than 0.2.0, which runs";
  const file = { name: "old.gamelan-update", mimeType: "", buffer: Buffer.alloc(1000) };
  await page.getByTestId("system-file").setInputFiles(file);
  await page.getByTestId("system-install-now").click();
  await page.getByTestId("system-error").getByText("older than 0.2.0").waitFor();
  await page.getByTestId("system-rollback").click();
  await picture(page, "system-back");
  await page.getByTestId("system-rollback-confirm").click();
  await page.getByText("The box goes back and restarts. This page waits for it.").waitFor();
  assert.ok(house.requests.includes("POST /api/system/rollback {}"));
  const restart = page.getByTestId("system-restart");
  await restart.getByText(/restarts into version 0\.1\.0 in 1:5\d; who plays was told/).waitFor();
  await picture(page, "system-restart");
  // Neither an update nor another way back is begun meanwhile; there is none of the box's own to give up.
  for (const button of ["choose", "rollback", "cancel"]) {
    assert.equal(await page.getByTestId(`system-${button}`).count(), 0, button);
  }
});
