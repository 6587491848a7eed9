/** Real Chromium for end-to-end tests, each with a fresh profile. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AUTOPLAY, CHROMIUM, CHROMIUM_FLAGS } from "../tools/chromium.ts";

export const artifacts = fileURLToPath(new URL("../artifacts", import.meta.url));

export interface BrowserUnderTest extends AsyncDisposable {
  browser: Browser;
  /** A page in a context of its own: another person on another device. */
  page(options?: BrowserContextOptions): Promise<Page>;
}

/** Starts Chromium. `extra`: further flags; `executablePath`: a wrapper around it. */
export async function startBrowser(
  extra: string[] = [],
  executablePath = CHROMIUM,
): Promise<BrowserUnderTest> {
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [...CHROMIUM_FLAGS, AUTOPLAY, ...extra],
  });
  return {
    browser,
    async page(options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(30_000);
      return page;
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
    },
  };
}

/** Keeps a screenshot of the page as an artefact of the test run. */
export async function screenshot(page: Page, name: string): Promise<void> {
  await Deno.mkdir(artifacts, { recursive: true });
  await page.screenshot({ path: join(artifacts, `${name}.png`) });
}

/** Waits until `check` gives something truthy; throws with `what` and the last value after `timeoutMs`. */
export async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    const value = await check();
    if (value) return value;
    last = value;
    if (Date.now() > deadline) {
      throw new Error(
        `expected ${what} within ${timeoutMs} ms; last seen: ${JSON.stringify(last)}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
