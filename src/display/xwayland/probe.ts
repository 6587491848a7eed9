import type { Capability } from "../../protocol/library.ts";

/** Whether X11 games can be played: Xwayland is there and says its version. */
export async function probeXwayland(): Promise<Capability[]> {
  const row = { id: "xwayland", title: "X11 games (Xwayland)" };
  try {
    const { stderr, stdout } = await new Deno.Command("Xwayland", { args: ["-version"] }).output();
    const said = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
    const version = /Xwayland Version (\S+)/.exec(said)?.[1];
    return [{ ...row, status: "ok", evidence: `Xwayland ${version ?? "of unknown version"}` }];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return [{
      ...row,
      status: "warning",
      evidence: "Xwayland is not installed; Wayland games work without it",
      fix: "apt install xwayland",
    }];
  }
}
