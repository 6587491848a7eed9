import { join } from "node:path";
import { run } from "../run.ts";
import { toolCommand } from "../tools_tree.ts";
import type { Base } from "./base.ts";

/** Kernel modules of the image and the extension together, as kmod finds them: depmod(8). */
export async function indexModules(folder: string, base: Base, tools: string, scratch: string) {
  const modules = `usr/lib/modules/${base.kernel}`;
  await Deno.remove(scratch, { recursive: true }).catch(() => {});
  await Deno.mkdir(join(scratch, "usr/lib"), { recursive: true });
  await Deno.symlink("usr/lib", join(scratch, "lib"));
  const copy = ["cp", "--archive", "--link"];
  await run([...copy, join(base.modules, "usr/lib/modules"), join(scratch, "usr/lib")]);
  await run([...copy, join(folder, modules, "updates"), join(scratch, modules)]);
  // The image's own, which are links to the same bytes, stay as they are.
  for (const { name } of Deno.readDirSync(join(scratch, modules))) {
    if (/^modules\.(?!builtin$|builtin\.modinfo$|order$)/.test(name)) {
      await Deno.remove(join(scratch, modules, name));
    }
  }
  const said = await run([
    ...toolCommand(tools, "usr/bin/kmod", "depmod"),
    ...["--basedir", scratch, "--all", base.kernel],
  ]);
  if (said.trim() !== "") throw new Error(`depmod said: ${said.trim()}`);
  for (const { name } of Deno.readDirSync(join(scratch, modules))) {
    if (!/^modules\.(?!builtin$|builtin\.modinfo$|order$)/.test(name)) continue;
    await Deno.copyFile(join(scratch, modules, name), join(folder, modules, name));
  }
  await Deno.remove(scratch, { recursive: true });
}

/**
 * Writes the folder as an extension's image, which systemd merges into systems with the base's
 * SYSEXT_LEVEL only: systemd-sysext(8).
 *
 * @param name  such as `gamelan-nvidia_1.2.3`
 * @param epoch  seconds since 1970: what its files are dated
 */
export async function packExtension(
  folder: string,
  { name, base, epoch, tools, output }: {
    name: string;
    base: Base;
    epoch: number;
    tools: string;
    output: string;
  },
): Promise<string> {
  const releases = join(folder, "usr/lib/extension-release.d");
  await Deno.mkdir(releases, { recursive: true });
  await Deno.writeTextFile(
    join(releases, `extension-release.${name}`),
    `ID=debian\nSYSEXT_LEVEL=${base.level}\nSYSEXT_SCOPE=system\nARCHITECTURE=x86-64\n`,
  );
  const file = join(output, `${name}.raw`);
  await Deno.remove(file).catch(() => {});
  await run([
    ...toolCommand(tools, "usr/bin/mkfs.erofs"),
    ...["--quiet", "-zzstd", "-C65536", "--all-root", "-T", String(epoch), "--all-time"],
    // The same content gives the same file.
    ...["-U", "clear", file, folder],
  ]);
  return file;
}
