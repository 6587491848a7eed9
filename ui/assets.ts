/**
 * What an HTTP server needs to serve the built UI. Everything is read once; the UI is small.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { UiAsset, UiAssets } from "../src/protocol/ui_assets.ts";

/** One row of `assets.json` in the built UI. */
export interface ManifestEntry {
  name: string;
  type: string;
  immutable: boolean;
}

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
  png: "image/png",
  json: "application/json",
  webmanifest: "application/manifest+json",
};

/** Content-Type by file name; throws for an extension the UI does not have. */
export function assetType(name: string): string {
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
  if (!type) throw new Error(`expected one of ${Object.keys(TYPES).join(", ")}, got ${name}`);
  return type;
}

/** Reads a folder that `buildUi` wrote. Throws where it was not built. */
export function loadUiAssets(dir: string): UiAssets {
  let manifest: ManifestEntry[];
  try {
    manifest = JSON.parse(Deno.readTextFileSync(join(dir, "assets.json")));
  } catch (cause) {
    throw new Error(`expected the built web UI in ${dir}; build it with: deno task ui`, { cause });
  }
  const assets = new Map<string, UiAsset>();
  for (const { name, type, immutable } of manifest) {
    const body = Deno.readFileSync(join(dir, name));
    const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
    assets.set(`/${name}`, { body, type, immutable, etag });
  }
  return {
    get(path) {
      const found = assets.get(path);
      if (found) return found;
      const isPage = !path.slice(path.lastIndexOf("/")).includes(".") && !/^\/api(\/|$)/.test(path);
      return isPage ? assets.get("/index.html") : undefined;
    },
  };
}
