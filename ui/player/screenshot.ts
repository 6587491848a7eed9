/** Saves the picture shown now as a PNG at its own size. */

/** Throws where there is no picture yet. */
export async function saveScreenshot(video: HTMLVideoElement, title: string): Promise<void> {
  if (video.videoWidth === 0) throw new Error("There is no picture yet.");
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("The browser could not make a PNG of the picture.");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${fileName(title)}-${fileName(new Date().toISOString().slice(0, 19))}.png`;
  link.click();
  // The download reads it soon, not at once.
  setTimeout(() => URL.revokeObjectURL(link.href), 30000);
}

const fileName = (text: string) => text.replace(/[^\p{L}\p{N}-]+/gu, "-").replace(/^-+|-+$/g, "");
