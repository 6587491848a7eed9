/** What this system says of itself, os-release(5); empty where it says nothing. */
export function osRelease(): Map<string, string> {
  let text = "";
  try {
    text = Deno.readTextFileSync("/etc/os-release");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const lines = [...text.matchAll(/^([A-Z_]+)=["']?(.*?)["']?$/gm)];
  return new Map(lines.map(([, key, value]) => [key, value]));
}
