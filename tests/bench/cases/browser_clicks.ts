/**
 * Click to photon in a page: from the timeStamp of a click to the presentationTime of the first
 * video frame that shows the flash area changed (video frame callback, W3C).
 */
import type { Page } from "playwright-core";
import { flashArea } from "../../../src/display/testcard/strip.ts";

interface ClickWindow {
  clickLatencies: number[];
  clickShown: boolean;
}

/** Side of the square that is read of the middle of the flash area, pixels. */
const PROBE = 16;

/** Starts to watch the page's video, in which pictures are `width` × `height`. */
export async function watchClicks(page: Page, width: number, height: number): Promise<void> {
  const area = flashArea(width, height);
  const even = (value: number) => 2 * Math.floor(value / 2);
  const probe = {
    x: even(area.x + area.width / 2 - PROBE / 2),
    y: even(area.y + area.height / 2 - PROBE / 2),
    width: PROBE,
    height: PROBE,
  };
  await page.evaluate(watchFlash, probe);
}

/** Clicks `count` times, at random phases of the stream's clock. Resolves with the latencies, ms. */
export async function measureClicks(page: Page, count: number): Promise<number[]> {
  await page.evaluate(() => (globalThis as unknown as ClickWindow).clickLatencies = []);
  const { width, height } = page.viewportSize()!;
  await page.mouse.move(width / 2, height / 2);
  for (let i = 0; i < count; i++) {
    await page.mouse.down();
    await page.waitForFunction(() => (globalThis as unknown as ClickWindow).clickShown, undefined, {
      polling: 20,
      timeout: 5000,
    });
    await page.mouse.up();
    await page.waitForTimeout(80 + Math.random() * 50);
  }
  return page.evaluate(() => (globalThis as unknown as ClickWindow).clickLatencies);
}

/**
 * Runs in the page, and resolves when it knows what the video shows. Only while a click waits for
 * its picture does it read any.
 */
function watchFlash(
  probe: { x: number; y: number; width: number; height: number },
): Promise<void> {
  const state = globalThis as unknown as ClickWindow;
  state.clickLatencies = [];
  state.clickShown = true;
  const video = document.querySelector("video")!;
  const bytes = new Uint8Array(probe.width * probe.height * 4);
  let clickedMs: number | undefined;
  /** Unknown until a frame was read; then what the next click changes. */
  let bright: boolean | undefined;
  let reading = Promise.resolve();
  const known = Promise.withResolvers<void>();
  /** A frame that shows the change, of which the time is known only roughly yet. */
  let early: { timestamp: number; knownMs: number } | undefined;

  const shown = (presentedMs: number) => {
    bright = !bright;
    state.clickLatencies.push(presentedMs - clickedMs!);
    clickedMs = early = undefined;
    state.clickShown = true;
  };
  const read = async (frame: VideoFrame, metadata: VideoFrameCallbackMetadata, nowMs: number) => {
    const isOf = (timestamp: number) => Math.abs(timestamp / 1e6 - metadata.mediaTime) < 0.001;
    try {
      await frame.copyTo(bytes, { rect: probe });
    } finally {
      frame.close();
    }
    const luma = bytes.subarray(0, probe.width * probe.height);
    const now = luma.reduce((sum, value) => sum + value, 0) / luma.length > 127;
    bright ??= now;
    known.resolve();
    if (clickedMs === undefined) return;
    if (early) return shown(isOf(early.timestamp) ? metadata.presentationTime : early.knownMs);
    if (now === bright) return;
    // Where two frames come within one refresh of the page, the element holds the newer one while
    // the callback tells of the older. The newer one's own callback may follow or be left out: then
    // the time at which it was seen, which is later than its presentation, has to do.
    if (isOf(frame.timestamp)) shown(metadata.presentationTime);
    else early = { timestamp: frame.timestamp, knownMs: nowMs };
  };
  const next = (_now: number, metadata: VideoFrameCallbackMetadata) => {
    const nowMs = performance.now();
    video.requestVideoFrameCallback(next);
    if (bright !== undefined && clickedMs === undefined) return;
    const frame = new VideoFrame(video);
    reading = reading.then(() => read(frame, metadata, nowMs));
  };
  video.requestVideoFrameCallback(next);
  addEventListener("mousedown", ({ timeStamp }) => {
    state.clickShown = false;
    clickedMs = timeStamp;
  }, { capture: true });
  return known.promise;
}
