import { basename, dirname, join, resolve } from "node:path";

/** Writes a libvirt domain for a disk, beside it. */
export async function writeDomain(disk: string): Promise<string> {
  const template = await Deno.readTextFile(new URL("libvirt.xml", import.meta.url));
  const file = join(dirname(disk), basename(disk).replace(/\.qcow2$/, ".xml"));
  const path = resolve(disk).replaceAll("&", "&amp;").replaceAll("'", "&apos;")
    .replaceAll("<", "&lt;");
  await Deno.writeTextFile(file, template.replace("@DISK@", path));
  return file;
}
