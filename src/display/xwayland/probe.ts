import type { Capability } from "../../protocol/library.ts";

const ROW = { id: "xwayland", title: "X11 games (Xwayland)" };

/**
 * Whether X11 games can be played: Xwayland is there and says its version, and so is the library that it
 * ends without as soon as a game draws, and that its Debian package does not bring.
 *
 * @param egl  that library's file name
 */
export async function probeXwayland(egl = "libEGL.so.1"): Promise<Capability[]> {
  try {
    const { stderr, stdout } = await new Deno.Command("Xwayland", { args: ["-version"] }).output();
    const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
    const version = /Xwayland Version (\S+)/.exec(said)?.[1] ?? "of unknown version";
    if (canBeLoaded(egl)) return [{ ...ROW, status: "ok", evidence: `Xwayland ${version}` }];
    return [warning(`Xwayland ${version} is there, but not ${egl}, which it needs`, "libegl1")];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return [warning("Xwayland is not installed; Wayland games work without it", "xwayland")];
  }
}

const warning = (evidence: string, debianPackage: string): Capability => ({
  ...ROW,
  status: "warning",
  evidence,
  fix: `apt install ${debianPackage}`,
});

function canBeLoaded(library: string): boolean {
  try {
    Deno.dlopen(library, {}).close();
    return true;
  } catch {
    return false;
  }
}
