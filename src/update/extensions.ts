/**
 * System extensions of the appliance, systemd-sysext(8): files `PRODUCT-NAME_VERSION.raw` in
 * /var/lib/extensions, such as `gamelan-nvidia_0.2.0.raw`. Each is made for one version of the system,
 * and systemd merges it into that one only, so those of both slots lie side by side and one that does
 * not fit does nothing.
 *
 * systemd-sysupdate does not install them: to it every version has all parts, and a box without an NVIDIA
 * GPU has no extension. Here a file of the bundle is given a second name, which takes no room.
 */
import { join } from "node:path";
import type { SystemVersion } from "./version.ts";

export interface Extension {
  /** Its file's name. */
  file: string;
  /** What it is called: `nvidia`. */
  name: string;
  /** The version of the system that it is for. */
  version: SystemVersion;
}

/** What the name of a file says, or undefined where it is no extension of this product. */
export function parseExtension(file: string, product: string): Extension | undefined {
  if (!file.startsWith(`${product}-`) || !file.endsWith(".raw")) return undefined;
  const match = /^([a-z][a-z0-9-]*)_([0-9.]+)$/.exec(file.slice(product.length + 1, -4));
  return match === null ? undefined : { file, name: match[1], version: match[2] };
}

/** The extensions in `folder`; empty where it is not there. */
export async function readExtensions(folder: string, product: string): Promise<Extension[]> {
  const found: Extension[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      const extension = isFile ? parseExtension(name, product) : undefined;
      if (extension !== undefined) found.push(extension);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found.sort((a, b) => a.file < b.file ? -1 : 1);
}

/** Puts the file `name` of the folder `from` into the folder of extensions, whole or not at all. */
export async function placeExtension(from: string, name: string, folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  // With this name systemd does not see it.
  const unfinished = join(folder, `.${name}.new`);
  await Deno.remove(unfinished).catch(() => {});
  await Deno.link(join(from, name), unfinished).catch(() =>
    // It lies on another file system.
    Deno.copyFile(join(from, name), unfinished)
  );
  using file = await Deno.open(unfinished, { read: true, write: true });
  await file.sync();
  await Deno.rename(unfinished, join(folder, name));
  // rename(2) leaves two names of the same file as they are.
  await Deno.remove(unfinished).catch(() => {});
}
