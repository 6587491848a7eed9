import { dirname, resolve } from "node:path";

/** Where a file really is: the appliance's configuration is a link to its data partition. */
export function linkTarget(path: string): string {
  try {
    return resolve(dirname(resolve(path)), Deno.readLinkSync(path));
  } catch {
    return resolve(path);
  }
}
