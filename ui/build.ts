/**
 * Builds the web UI into a folder that {@linkcode loadUiAssets} (assets.ts) serves from:
 * `deno task ui`, and the first step of `gamelan serve` in a checkout.
 *
 * Script and style get a hash in their names and may be cached for ever; index.html, the web app
 * manifest and the service worker keep theirs and are revalidated each time, so that an updated
 * house never meets an old page.
 */
import { build, type Plugin, stop } from "esbuild";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gongPng, gongSvg } from "./icons/gong.ts";
import { assetType, type ManifestEntry } from "./assets.ts";

const here = dirname(fileURLToPath(import.meta.url));

/** Bundles, writes icons, page and manifest to `outDir`, which is emptied first. Throws on any build error. */
export async function buildUi(outDir: string): Promise<void> {
  const result = await build({
    entryPoints: {
      app: join(here, "main.tsx"),
      style: join(here, "style/app.css"),
    },
    outdir: outDir,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: ["chrome109", "firefox115", "safari16"],
    jsx: "automatic",
    jsxImportSource: "preact",
    entryNames: "[name]-[hash]",
    plugins: [withoutZodLocales],
    legalComments: "none",
    logLevel: "warning",
    absWorkingDir: here,
  });
  await stop();

  const files = new Map<string, Uint8Array>();
  for (const output of result.outputFiles) files.set(basename(output.path), output.contents);
  const hashed = new Set(files.keys());
  const named = (start: string, end: string) => {
    const name = [...hashed].find((file) => file.startsWith(start) && file.endsWith(end));
    if (!name) throw new Error(`expected the bundle to contain ${start}*${end}`);
    return name;
  };

  const text = new TextEncoder();
  const page = (await Deno.readTextFile(join(here, "index.html")))
    .replace("{{script}}", `/${named("app-", ".js")}`)
    .replace("{{style}}", `/${named("style-", ".css")}`);
  files.set("index.html", text.encode(page));
  files.set("sw.js", await Deno.readFile(join(here, "service_worker.js")));
  files.set("icon.svg", text.encode(gongSvg()));
  files.set("icon-192.png", gongPng(192, { maskable: false }));
  files.set("icon-512.png", gongPng(512, { maskable: false }));
  files.set("icon-maskable-512.png", gongPng(512, { maskable: true }));
  files.set("apple-touch-icon.png", gongPng(180, { maskable: true }));
  files.set("manifest.webmanifest", text.encode(JSON.stringify(webManifest, null, 2)));

  const manifest: ManifestEntry[] = [...files.keys()].sort().map((name) => ({
    name,
    type: assetType(name),
    immutable: hashed.has(name),
  }));
  files.set("assets.json", text.encode(JSON.stringify(manifest)));

  await Deno.remove(outDir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(outDir, { recursive: true });
  for (const [name, body] of files) await Deno.writeFile(join(outDir, name), body);
}

/** Zod carries its messages in 40 languages; the page shows none of them. English stays, it is the default. */
const withoutZodLocales: Plugin = {
  name: "without-zod-locales",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: "" }));
  },
};

/** W3C Web App Manifest: makes the house installable on phones, desktops and TVs. */
const webManifest = {
  id: "/",
  name: "Gamelan",
  short_name: "Gamelan",
  description: "The game console of this house",
  start_url: "/",
  scope: "/",
  display: "fullscreen",
  display_override: ["fullscreen", "standalone"],
  orientation: "any",
  background_color: "#0d0b0a",
  theme_color: "#0d0b0a",
  categories: ["games"],
  icons: [
    { src: "/icon.svg", type: "image/svg+xml", sizes: "any" },
    { src: "/icon-192.png", type: "image/png", sizes: "192x192" },
    { src: "/icon-512.png", type: "image/png", sizes: "512x512" },
    { src: "/icon-maskable-512.png", type: "image/png", sizes: "512x512", purpose: "maskable" },
  ],
};

if (import.meta.main) {
  const started = performance.now();
  const outDir = join(here, "dist");
  await buildUi(outDir);
  let bytes = 0;
  for (const entry of Deno.readDirSync(outDir)) {
    bytes += Deno.statSync(join(outDir, entry.name)).size;
  }
  const seconds = ((performance.now() - started) / 1000).toFixed(2);
  console.log(`Built the web UI in ${seconds} s: ${outDir} (${Math.round(bytes / 1024)} KB)`);
}
