import { join } from "node:path";
import { packErofs } from "../../src/games/erofs.ts";
import { Manifest, type ManifestInput } from "../../src/games/manifest.ts";
import { temporaryFolder } from "../image/temporary.ts";

/** A game package that brings all it needs; Debian package erofs-utils. */
export async function makeTinyPackage(
  { id, title }: Pick<ManifestInput, "id" | "title">,
): Promise<Uint8Array> {
  await using folder = await temporaryFolder();
  const content = join(folder.path, "content");
  await Deno.mkdir(join(content, "root/game"), { recursive: true });
  await Deno.writeTextFile(join(content, "root/game/start"), "#!/bin/sh\nexec sleep 3600\n", {
    mode: 0o755,
  });
  const manifest = Manifest.parse({
    format: 1,
    id,
    title,
    command: ["./start"],
    runtime: "none",
    architecture: "all",
  });
  await Deno.writeTextFile(join(content, "gamelan.json"), JSON.stringify(manifest));
  const image = join(folder.path, "package.erofs");
  await packErofs(content, image);
  return await Deno.readFile(image);
}
