import { basename, dirname, join } from "node:path";
import { findArtifacts } from "../artifacts.ts";
import { debianPackages, pinnedTo } from "../bill_of_materials.ts";
import { run } from "../run.ts";
import { toolCommand } from "../tools_tree.ts";

/** The image that an extension is for. */
export interface Base {
  version: string;
  /** The kernel's release, such as `6.12.48+deb13-amd64`. */
  kernel: string;
  /** os-release's SYSEXT_LEVEL, which an extension must have too (image/mkosi.finalize). */
  level: string;
  /** Debian's packages in it. */
  packages: Set<string>;
  /** apt's preferences for the same versions of them. */
  preferences: string;
  /** A folder with `usr/lib/modules` of it. */
  modules: string;
}

/**
 * Looks into the image `disk` and takes its kernel modules to `folder`.
 *
 * @throws where the files beside it are missing, or it takes no extensions
 */
export async function openBase(disk: string, folder: string, tools: string): Promise<Base> {
  const version = /^gamelan_(.+)\.raw$/.exec(basename(disk))?.[1];
  if (version === undefined) {
    throw new Error(
      `expected a disk that deno task image has made, gamelan_VERSION.raw, got ${disk}`,
    );
  }
  const output = dirname(disk);
  const { root } = await findArtifacts(output, version);
  const bill = await Deno.readTextFile(join(output, `gamelan_${version}.cdx.json`));
  const marker = join(folder, "root");
  const known = await Deno.readTextFile(marker).catch(() => "");
  if (known !== basename(root)) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    const whole = join(folder, "whole");
    await Deno.mkdir(folder, { recursive: true });
    const extract = [`--extract=${whole}`, "--no-preserve", "--overwrite", root];
    await run([...toolCommand(tools, "usr/bin/fsck.erofs"), ...extract]);
    await Deno.mkdir(join(folder, "usr/lib"), { recursive: true });
    for (const path of ["usr/lib/modules", "usr/lib/os-release"]) {
      await Deno.rename(join(whole, path), join(folder, path));
    }
    await Deno.remove(whole, { recursive: true });
    await Deno.writeTextFile(marker, basename(root));
  }
  const release = await Deno.readTextFile(join(folder, "usr/lib/os-release"));
  const level = /^SYSEXT_LEVEL="?([^"\n]+)/m.exec(release)?.[1];
  if (level === undefined) {
    throw new Error(`expected SYSEXT_LEVEL in the os-release of ${disk}: build the image anew`);
  }
  const kernels = [...Deno.readDirSync(join(folder, "usr/lib/modules"))].map(({ name }) => name);
  if (kernels.length !== 1) {
    throw new Error(`expected one kernel in ${disk}, got ${kernels.join(", ") || "none"}`);
  }
  return {
    version,
    kernel: kernels[0],
    level,
    packages: new Set(debianPackages(bill).map(({ name }) => name)),
    preferences: pinnedTo(bill),
    modules: folder,
  };
}
