import { install, installQuietly, missingPackages, sayMissing } from "./apt.ts";
import { runtimePackages, testPackages } from "./packages.ts";

/**
 * Makes sure that the packages for `deno task start` or `deno task test` are installed.
 *
 * Packages that Gamelan can do without are installed along with others, and for the tests. They are no
 * reason of their own to stop a start: one that conflicts with the desktop would do so each time.
 *
 * @throws NeedsInstall where this user may not install what is missing
 */
export async function setUpPackages(task: string): Promise<void> {
  const needed = task === "test" ? [...runtimePackages, ...testPackages] : runtimePackages;
  const missing = await missingPackages(needed);
  if (missing.length === 0) return;
  if (task === "test" || missing.some(({ without }) => without === undefined)) {
    await install(missing);
    return;
  }
  // What is unpacked conflicts with nothing: no start needs to go without.
  await installQuietly(missing.filter(({ unpack }) => unpack));
  sayMissing(missing.filter(({ unpack }) => !unpack));
}
