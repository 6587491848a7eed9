import type { Page } from "playwright-core";
import { picture } from "../e2e/player.ts";

/**
 * Plays a game of the library that the page shows until there is a picture, and gives how many tries it
 * took: on an interpreted processor that others keep busy too, a program may take longer to start than a
 * session waits for it.
 *
 * @param started  waits for more than the picture, which comes before the game does
 */
export async function play(
  page: Page,
  game: string,
  withinMs: number,
  started: () => Promise<void> = async () => {},
): Promise<number> {
  const library = page.url();
  for (let tries = 1;; tries++) {
    await page.getByTestId(`game-tile-${game}`).click();
    await page.getByTestId("play-button").click();
    try {
      const failed = page.locator("[data-testid=player-status][data-state=failed]");
      await Promise.race([
        picture(page, withinMs).then(started),
        failed.waitFor({ state: "attached" }).then(async () => {
          throw new Error(`the session failed: ${await failed.textContent()}`);
        }),
      ]);
      return tries;
    } catch (error) {
      if (tries === 4) throw error;
      await page.goto(library);
      await page.getByTestId("library").waitFor();
    }
  }
}
