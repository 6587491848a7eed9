import { join } from "node:path";
import { run } from "../../image/run.ts";

/**
 * Makes a system extension with one file, `/usr/share/gamelan-NAME/version`, in `folder`. Debian package
 * erofs-utils.
 *
 * @param level  the SYSEXT_LEVEL that it says it fits
 * @returns its path, `gamelan-NAME_VERSION.raw`
 */
export async function makeTinyExtension(
  folder: string,
  { name, version, level }: { name: string; version: string; level: string },
): Promise<string> {
  const stem = `gamelan-${name}_${version}`;
  const tree = await Deno.makeTempDir({ prefix: "gamelan-extension-" });
  try {
    const write = async (path: string, text: string) => {
      await Deno.mkdir(join(tree, path, ".."), { recursive: true });
      await Deno.writeTextFile(join(tree, path), text);
    };
    await write(
      `usr/lib/extension-release.d/extension-release.${stem}`,
      `ID=debian\nSYSEXT_LEVEL=${level}\n`,
    );
    await write(`usr/share/gamelan-${name}/version`, `${version}\n`);
    await Deno.chmod(tree, 0o755);
    const file = join(folder, `${stem}.raw`);
    await run(["mkfs.erofs", "--quiet", "--all-root", file, tree]);
    return file;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}
