/** What a person does in the browser, by the controls' data-testids. */
import type { Page } from "playwright-core";
import type { House } from "./house.ts";
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

/** Opens a game's page from the library and presses Play; resolves when a picture is shown. */
export async function play(page: Page, gameId: string): Promise<void> {
  await page.getByTestId(`game-tile-${gameId}`).click();
  await page.getByTestId("play-button").click();
  await picture(page);
}

/** Waits until the player's video shows decoded pictures. */
export async function picture(page: Page, timeoutMs = 30_000): Promise<void> {
  await page.getByTestId("player-video").waitFor({ timeout: timeoutMs });
  await until("a decoded picture", async () => (await stats(page)).framesDecoded > 0, timeoutMs);
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

/** Reads the pixels of the video, scaled to `width` where given. */
export async function pixels(page: Page): Promise<Picture> {
  const { width, height, base64 } = await page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>("[data-testid=player-video]")!;
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (let i = 0; i < data.length; i += 32768) {
      text += String.fromCharCode(...data.subarray(i, i + 32768));
    }
    return { width: canvas.width, height: canvas.height, base64: btoa(text) };
  });
  const text = atob(base64);
  const data = Uint8ClampedArray.from(text, (character) => character.charCodeAt(0));
  return { width, height, data };
}

/** Mean absolute difference of two pictures' pixels, 0–255. */
export function difference(a: Picture, b: Picture): number {
  if (a.data.length !== b.data.length) return 255;
  let sum = 0;
  for (let i = 0; i < a.data.length; i += 16) sum += Math.abs(a.data[i] - b.data[i]);
  return sum / (a.data.length / 16);
}
