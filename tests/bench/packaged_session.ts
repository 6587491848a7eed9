import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "../../src/cli/compile/bundle.ts";
import { importLate } from "../../src/cli/compile/late_imports.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The session's program as the one-file executable and the appliance have it. */
export interface PackagedSession extends AsyncDisposable {
  /** Runs `gamelan session --spec -` from a bundle, with a code cache of its own. */
  program: string[];
}

/** Bundles the source tree into a temporary folder, which goes when the result is disposed of. */
export async function packageSession(): Promise<PackagedSession> {
  const folder = await Deno.makeTempDir({ prefix: "gl-bench-bundle-" });
  const remove = () => Deno.remove(folder, { recursive: true });
  try {
    await bundle(root, folder);
    await importLate(folder);
    // The Test card is in it, and games run as users of their own.
    await Deno.chmod(folder, 0o755);
  } catch (error) {
    await remove();
    throw error;
  }
  const run = ["run", "-A", "--no-prompt", "--no-config", "--no-lock", join(folder, "main.js")];
  return {
    program: [
      "env",
      `DENO_DIR=${join(folder, "deno-cache")}`,
      "DENO_NO_PACKAGE_JSON=1",
      Deno.execPath(),
      ...run,
      ...["session", "--spec", "-"],
    ],
    [Symbol.asyncDispose]: remove,
  };
}
