import { createHash } from "node:crypto";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { packagedWorkers } from "./workers.ts";

/**
 * The head of the executable: a shell script that unpacks what follows it, once for each build, and
 * runs it. The folder is made under another name first, so that two first starts at the same time,
 * or a full disk, leave no half of it behind.
 */
const head = (build: string, offset: string) =>
  `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ] && [ -z "$XDG_CACHE_HOME" ]; then cache=/var/cache; else
  cache=\${XDG_CACHE_HOME:-$HOME/.cache}
fi
dir=$cache/gamelan/${build}
if [ ! -e "$dir/main.js" ]; then
  mkdir -p "$cache/gamelan"
  new=$(mktemp -d "$cache/gamelan/.new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  tail -c +${offset} "$0" | tar -xzf - -C "$new"
  chmod 755 "$new"
  mv -T "$new" "$dir" 2>/dev/null || [ -e "$dir/main.js" ]
  trap - EXIT
fi
exec "$dir/deno" run -A --no-prompt --no-lock --no-config "$dir/main.js" "$@"
`;

const OFFSET_DIGITS = 8;

/**
 * Bundles the source tree at `root`, adds this Deno and the built web UI, and writes the executable
 * to `output`. Takes gzip and tar from the system.
 */
export async function makeSelfExtracting(root: string, output: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-bundle-" });
  try {
    await bundle(root, folder);
    await Deno.copyFile(Deno.execPath(), join(folder, "deno"));
    await Deno.chmod(join(folder, "deno"), 0o755);
    await copyFolder(join(root, "ui/dist"), join(folder, "ui"));
    const payload = await pack(folder);
    const build = createHash("sha256").update(payload).digest("hex").slice(0, 16);
    const length = new TextEncoder().encode(head(build, "0".repeat(OFFSET_DIGITS))).length;
    const offset = String(length + 1).padStart(OFFSET_DIGITS, "0");
    const next = output + ".new";
    await Deno.writeFile(next, new TextEncoder().encode(head(build, offset)));
    await Deno.writeFile(next, payload, { append: true });
    await Deno.chmod(next, 0o755);
    await Deno.rename(next, output);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function bundle(root: string, folder: string): Promise<void> {
  try {
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: {
        main: "main.ts",
        testcard: "src/display/testcard/main.ts",
        ...packagedWorkers,
      },
      outdir: folder,
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "esnext",
      minify: true,
      keepNames: true,
      // Build tools and test tools are no part of the product.
      external: ["esbuild", "playwright-core"],
      // Some npm packages are CommonJS and require Node's built-in modules at run time.
      banner: {
        js:
          'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
      },
      logLevel: "warning",
    });
  } finally {
    await esbuild.stop();
  }
}

async function pack(folder: string): Promise<Uint8Array> {
  // Names, owners and times are fixed, so that the same inputs give the same file.
  const { code, stdout, stderr } = await new Deno.Command("tar", {
    args: [
      "--sort=name",
      "--mtime=@0",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--use-compress-program=gzip -n -6",
      "-C",
      folder,
      "-cf",
      "-",
      ".",
    ],
  }).output();
  if (code !== 0) throw new Error(`tar failed: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyFolder(source, target);
    else await Deno.copyFile(source, target);
  }
}
