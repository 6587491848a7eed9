import { join } from "node:path";
import { aptSources, type Mirrors } from "./mirrors.ts";
import { run } from "./run.ts";

/** Partition and file system ids follow from it, so that the same inputs give the same image. */
const SEED = "6c1f2f7e-5a1c-4f2c-9b6e-2b5f0f9d6a11";

export interface MkosiOptions {
  /** The folder with mkosi.conf. */
  directory: string;
  /** For caches and what is half done. */
  build: string;
  output: string;
  tools: string;
  /** Of the image; a tree has none. */
  version?: string;
  /** Seconds since 1970: what files are dated. */
  epoch: number;
  mirrors: Mirrors;
  /** Parts of Debian's archive, such as "main". */
  components: string;
  /** apt_preferences(5): which versions are wanted; empty: the newest. */
  preferences: string;
  /** Further options of mkosi(1). */
  options?: string[];
}

/** Builds an image with mkosi out of the tools tree. What it says goes to
 * mkosi.log in the build folder. Throws CommandFailed with the end of that. */
export async function runMkosi(options: MkosiOptions): Promise<void> {
  const { directory, build, output, tools } = options;
  const settings = join(build, "apt");
  await Deno.remove(settings, { recursive: true }).catch(() => {});
  await Deno.mkdir(join(settings, "etc/apt/sources.list.d"), { recursive: true });
  await Deno.mkdir(join(settings, "etc/apt/preferences.d"), { recursive: true });
  // With this name it takes the place of mkosi's own, which wants a mirror of debugging symbols too.
  await Deno.writeTextFile(
    join(settings, "etc/apt/sources.list.d/mkosi.sources"),
    aptSources(options.mirrors, options.components),
  );
  await Deno.writeTextFile(join(settings, "etc/apt/preferences.d/pins"), options.preferences);
  const cache = join(build, "cache");
  const work = join(build, "work");
  for (const folder of [cache, work, output]) await Deno.mkdir(folder, { recursive: true });
  await run([
    "python3",
    "-m",
    "mkosi",
    `--directory=${directory}`,
    `--tools-tree=${tools}`,
    `--sandbox-tree=${settings}`,
    ...(options.version === undefined ? [] : [`--image-version=${options.version}`]),
    `--output-directory=${output}`,
    `--cache-directory=${cache}`,
    `--workspace-directory=${work}`,
    `--seed=${SEED}`,
    `--source-date-epoch=${options.epoch}`,
    ...(options.options ?? []),
    "--force",
    "build",
  ], {
    log: join(build, "mkosi.log"),
    env: { PYTHONPATH: join(tools, "usr/lib/python3/dist-packages") },
  });
}
