/** Fullscreen with the keys that the browser otherwise keeps, and landscape on phones. */

interface KeyboardLock {
  lock?(codes?: string[]): Promise<void>;
  unlock?(): void;
}

/** Goes into fullscreen or out of it. iPhones have it for videos only. */
export async function toggleFullscreen(element: HTMLElement): Promise<void> {
  // WICG Keyboard Lock: secure pages of Chromium browsers.
  const keyboard = (navigator as Navigator & { keyboard?: KeyboardLock }).keyboard;
  if (document.fullscreenElement) {
    keyboard?.unlock?.();
    await document.exitFullscreen().catch(() => {});
    return;
  }
  if (!element.requestFullscreen) {
    const video = element.querySelector("video") as
      | (HTMLVideoElement & { webkitEnterFullscreen?: () => void })
      | null;
    video?.webkitEnterFullscreen?.();
    return;
  }
  try {
    await element.requestFullscreen({ navigationUI: "hide" });
    await keyboard?.lock?.();
  } catch (error) {
    console.info("fullscreen or its keyboard lock was refused:", error);
  }
  const orientation = screen.orientation as ScreenOrientation & {
    lock?: (kind: string) => Promise<void>;
  };
  orientation?.lock?.("landscape").catch(() => {}); // desktops cannot turn
}
