import { fileURLToPath } from "node:url";
import { loadUiAssets } from "../../ui/assets.ts";
import type { UiAssets } from "../protocol/ui_assets.ts";
import { packaging } from "../system/self.ts";

/** The built web UI of this executable. Throws where the source tree's was never built. */
export async function uiAssets(): Promise<UiAssets> {
  const relative = packaging() === "source" ? "../../ui/dist" : "./ui";
  const folder = fileURLToPath(new URL(relative, import.meta.url));
  try {
    return await loadUiAssets(folder);
  } catch (cause) {
    throw new Error(
      `the web page is not built (expected it in ${folder}); deno task start builds it`,
      { cause },
    );
  }
}
