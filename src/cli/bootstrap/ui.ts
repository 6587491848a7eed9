import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

function newest(folder: string): number {
  let time = 0;
  for (const entry of Deno.readDirSync(folder)) {
    if (entry.name === "dist") continue;
    const path = join(folder, entry.name);
    time = Math.max(
      time,
      entry.isDirectory ? newest(path) : Deno.statSync(path).mtime?.getTime() ?? 0,
    );
  }
  return time;
}

/** Builds the web UI where it was never built or a source is newer than it. */
export async function ensureUi(): Promise<void> {
  const built = await Deno.stat(join(root, "ui/dist/index.html")).catch(() => undefined);
  const sources = Math.max(newest(join(root, "ui")), newest(join(root, "src/protocol")));
  if (built?.mtime && built.mtime.getTime() >= sources) return;
  console.error("Building the web page …");
  const { buildUi } = await import("../../../ui/build.ts");
  await buildUi(join(root, "ui/dist"));
}
