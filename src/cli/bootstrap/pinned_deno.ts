const pinFile = new URL("../../../.deno-version", import.meta.url);

/**
 * Runs the task with the pinned Deno where this one is another version, and returns its exit code;
 * undefined where this Deno may go on.
 *
 * The bindings to werift's and Deno's internals (the ICE socket) are tested with one version only.
 */
export async function withPinnedDeno(task: string, args: string[]): Promise<number | undefined> {
  const pinned = (await Deno.readTextFile(pinFile)).trim();
  if (Deno.version.deno === pinned) return undefined;
  console.error(`Gamelan is made for Deno ${pinned}; this is ${Deno.version.deno}.`);
  if (Deno.env.has("GAMELAN_ANY_DENO")) return undefined;
  try {
    const { code } = await new Deno.Command("npx", {
      args: ["-y", `deno@${pinned}`, "task", task, ...args],
      cwd: new URL("../../..", import.meta.url),
    }).spawn().status;
    return code;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(
      `install Deno ${pinned}, or Node with npx, which fetches it; or set GAMELAN_ANY_DENO=1 to go on with this one`,
    );
  }
}
