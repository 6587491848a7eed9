import { join } from "node:path";
import * as esbuild from "esbuild";
import { buildUi } from "../../../ui/build.ts";
import { leftOut } from "./left_out.ts";
import { packagedWorkers } from "./workers.ts";

const options: esbuild.BuildOptions = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "esnext",
  minify: true,
  keepNames: true,
  // Build tools and test tools are no part of the product.
  external: ["esbuild", "playwright-core"],
  logLevel: "warning",
};

/**
 * Bundles the source tree at `root` into `folder`: `main.js`, the Workers as modules of their own, what
 * they share as chunks, and the web UI in `ui/`. Nothing else is needed to run it but Deno: no npm
 * packages, no source.
 */
export async function bundle(root: string, folder: string): Promise<void> {
  const common = { ...options, absWorkingDir: root, outdir: folder };
  try {
    await esbuild.build({
      ...common,
      entryPoints: { main: "main.ts" },
      plugins: [...leftOut.plugins],
      logOverride: leftOut.logOverride,
      // Some npm packages are CommonJS and require Node's built-in modules at run time.
      banner: {
        js:
          'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
      },
    });
    // Workers have no such packages, and node:module would take 3.5 MB of each.
    await esbuild.build({ ...common, entryPoints: packagedWorkers });
  } finally {
    await esbuild.stop();
  }
  await buildUi(join(folder, "ui"));
}
