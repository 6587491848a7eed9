/** What offline_test.ts runs without network: tries an import and prints what came of it, as JSON. */
import { GameLibrary } from "../../src/games/library.ts";

const folder = await Deno.makeTempDir({ prefix: "gamelan-offline-" });
const library = new GameLibrary({ dataDir: folder });
const error = await library.import("deb:chromium-bsu").then(
  () => undefined,
  (error: Error) => error,
);
const games = [...Deno.readDirSync(library.folders.games)].map(({ name }) => name);
console.log(JSON.stringify({ name: error?.name, message: error?.message, games }));
await Deno.remove(folder, { recursive: true });
