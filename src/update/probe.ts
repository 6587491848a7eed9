import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Capability } from "../protocol/library.ts";
import { readExtensions } from "./extensions.ts";

/** The appliance that {@linkcode probeExtensions} looks at. */
export interface ExtendedSystem {
  product: string;
  /** What runs: os-release's IMAGE_VERSION. */
  version: string;
  /** The kernel's release. */
  kernel: string;
  extensions: string;
  merged: string;
}

/** The system extensions of an appliance, a row for each that it has in any version. */
export async function probeExtensions(
  { product, version, kernel, extensions, merged }: ExtendedSystem,
): Promise<Capability[]> {
  const found = await readExtensions(extensions, product);
  const rows: Capability[] = [];
  for (const name of new Set(found.map((one) => one.name))) {
    const row = { id: `extension-${name}`, title: `Extension ${name}` };
    const own = found.filter((one) => one.name === name);
    const inUse = own.find(({ file }) =>
      existsSync(join(merged, `extension-release.${file.replace(/\.raw$/, "")}`))
    );
    if (inUse !== undefined) {
      rows.push({ ...row, status: "ok", evidence: `${inUse.file} is in use` });
      continue;
    }
    const files = own.map(({ file }) => file).join(", ");
    rows.push({
      ...row,
      status: "warning",
      evidence: `${files} is not for this system, ${version} with Linux ${kernel}, and is not used`,
      fix: "Build it for this version (image/README.md), or remove the file.",
    });
  }
  return rows;
}
