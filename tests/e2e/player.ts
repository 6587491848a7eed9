/** What a person does in the browser, by the controls' data-testids. */
import type { Page } from "playwright-core";
import type { House } from "./house.ts";
import { readStripFromRgba, type StripContent } from "../../src/display/testcard/strip.ts";
import { until } from "./browser.ts";

export const owner = { name: "Ada", password: "correct horse battery" };

/** The live statistics the player page exposes. */
export interface PlayerStats {
  connection: string;
  fps: number;
  width: number;
  height: number;
  framesDecoded: number;
  [key: string]: unknown;
}

/** Becomes the owner of a fresh house with its claim code. */
export async function claim(page: Page, house: House): Promise<void> {
  await page.goto(house.url);
  await page.getByTestId("claim-code").fill(house.claimCode);
  await page.getByTestId("claim-name").fill(owner.name);
  await page.getByTestId("claim-password").fill(owner.password);
  await page.getByTestId("claim-submit").click();
  await page.getByTestId("library").waitFor();
}

/** Signs in; the owner, unless another person is named. */
export async function logIn(page: Page, url: string, who = owner): Promise<void> {
  await page.goto(url);
  await page.getByTestId("login-name").fill(who.name);
  await page.getByTestId("login-password").fill(who.password);
  await page.getByTestId("login-submit").click();
  await page.getByTestId("library").waitFor();
}

/** Opens a game's page from the library and presses Play; resolves when a picture is shown. */
export async function play(page: Page, gameId: string): Promise<void> {
  await page.getByTestId(`game-tile-${gameId}`).click();
  await page.getByTestId("play-button").click();
  await picture(page);
}

/** The id of the session whose player page this is. */
export function sessionOf(page: Page): string {
  return /\/play\/([a-z0-9-]+)/.exec(page.url())![1];
}

/** Waits until the player's video shows decoded pictures. */
export async function picture(page: Page, timeoutMs = 30_000): Promise<void> {
  await page.getByTestId("player-video").waitFor({ timeout: timeoutMs });
  await until("a decoded picture", async () => {
    // A page that is loaded anew has no statistics for a moment.
    const now = await stats(page).catch(() => undefined);
    return now !== undefined && now.framesDecoded > 0;
  }, timeoutMs);
}

/** `window.gamelan.stats()` of the player page. */
export function stats(page: Page): Promise<PlayerStats> {
  return page.evaluate(() =>
    (globalThis as unknown as { gamelan: { stats(): Promise<PlayerStats> } }).gamelan.stats()
  );
}

/** RGBA pixels of the picture the video shows now. */
export interface Picture {
  width: number;
  height: number;
  data: Uint8ClampedArray;
}

/**
 * Reads the pixels of the picture. With `size` it is scaled to that, to compare pictures although
 * the stream's size may change with the machine's load.
 */
export async function pixels(
  page: Page,
  size?: { width: number; height: number },
): Promise<Picture> {
  const { width, height, base64 } = await page.evaluate(async (size) => {
    const video = document.querySelector<HTMLVideoElement>("[data-testid=player-video]")!;
    // A player that connects anew has no picture for a moment.
    while (video.videoWidth === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const canvas = document.createElement("canvas");
    canvas.width = size?.width ?? video.videoWidth;
    canvas.height = size?.height ?? video.videoHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (let i = 0; i < data.length; i += 32768) {
      text += String.fromCharCode(...data.subarray(i, i + 32768));
    }
    return { width: canvas.width, height: canvas.height, base64: btoa(text) };
  }, size);
  const text = atob(base64);
  const data = Uint8ClampedArray.from(text, (character) => character.charCodeAt(0));
  return { width, height, data };
}

/** A part of the picture as shares of its width and height. */
export interface Region {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

const whole: Region = { left: 0, top: 0, right: 1, bottom: 1 };

/** Mean absolute difference of two pictures' colours in a region, 0–255. Throws where sizes differ. */
export function difference(a: Picture, b: Picture, region: Region = whole): number {
  if (a.width !== b.width || a.height !== b.height) {
    throw new RangeError(
      `expected pictures of one size, got ${a.width}×${a.height} and ${b.width}×${b.height}`,
    );
  }
  let sum = 0;
  let count = 0;
  for (let y = Math.floor(region.top * a.height); y < region.bottom * a.height; y += 2) {
    for (let x = Math.floor(region.left * a.width); x < region.right * a.width; x += 2) {
      const at = (y * a.width + x) * 4;
      for (let colour = 0; colour < 3; colour++) {
        sum += Math.abs(a.data[at + colour] - b.data[at + colour]);
        count++;
      }
    }
  }
  return sum / count;
}

/** What the Test card's coded strip says now. */
export async function strip(page: Page): Promise<StripContent | undefined> {
  return readStripFromRgba(await pixels(page));
}

/** The Test card's picture moves: the strip's frame counter rises. Returns the later frame. */
export async function moves(page: Page): Promise<number> {
  const first = await until("a readable strip", () => strip(page));
  return await until("a later frame", async () => {
    const now = await strip(page);
    return now !== undefined && now.frame > first.frame && now.frame;
  });
}
