import { install, installQuietly, missingPackages, sayMissing } from "./apt.ts";
import { benchPackages, type Requirement, runtimePackages, testPackages } from "./packages.ts";

const needed: Record<string, Requirement[]> = {
  test: [...runtimePackages, ...testPackages],
  bench: [...runtimePackages, ...testPackages, ...benchPackages],
};

/**
 * Makes sure that the packages for `deno task start`, `test` or `bench` are installed.
 *
 * Packages that Gamelan can do without are installed along with others, and for tests and benchmark. They
 * are no reason of their own to stop a start: one that conflicts with the desktop would do so each time.
 *
 * @throws NeedsInstall where this user may not install what is missing
 */
export async function setUpPackages(task: string): Promise<void> {
  const missing = await missingPackages(needed[task] ?? runtimePackages);
  if (missing.length === 0) return;
  if (task in needed || missing.some(({ without }) => without === undefined)) {
    await install(missing);
    return;
  }
  // What is unpacked conflicts with nothing: no start needs to go without.
  await installQuietly(missing.filter(({ unpack }) => unpack));
  sayMissing(missing.filter(({ unpack }) => !unpack));
}
