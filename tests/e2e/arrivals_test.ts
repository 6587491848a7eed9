/** Games that come to a house that runs without anybody asking its page: by a stick, or the command line. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { makeTinyPackage } from "../games/tiny_package.ts";
import { until } from "./browser.ts";
import { gamelan, startHouse } from "./house.ts";

Deno.test("games from the inbox and the command line are shown; what is no game says so", async () => {
  await using house = await startHouse();
  const headers = { origin: house.url, "content-type": "application/json" };
  const claim = await fetch(`${house.url}/api/claim`, {
    method: "POST",
    headers,
    body: JSON.stringify({ code: house.claimCode, name: "Ada", password: "correct horse battery" }),
  });
  assert.equal(claim.status, 200, await claim.text());
  const cookie = claim.headers.get("set-cookie")!.split(";")[0];
  const library = async () => {
    const response = await fetch(`${house.url}/api/library`, { headers: { ...headers, cookie } });
    return await response.json() as {
      games: { id: string }[];
      imports: { source: string; state: string; error?: string }[];
    };
  };
  const shows = (id: string) =>
    until(
      `the game ${id}`,
      async () => (await library()).games.some((game) => game.id === id),
      60_000,
    );

  const inbox = join(house.dataDir, "inbox");
  const put = async (name: string, content: Uint8Array) => {
    await Deno.writeFile(join(inbox, `.${name}.part`), content);
    await Deno.rename(join(inbox, `.${name}.part`), join(inbox, name));
  };
  await put("chess.erofs", await makeTinyPackage({ id: "chess", title: "Chess" }));
  await put("damaged.erofs", new Uint8Array(3000));
  await shows("chess");
  const failed = await until(
    "the refusal",
    async () => (await library()).imports.find(({ state }) => state === "failed"),
    60_000,
  );
  assert.match(failed.source, /\/inbox\/damaged\.erofs$/);
  assert.match(failed.error!, /^damaged\.erofs is not a game package/);
  await until("an empty inbox", async () => {
    const names = (await Array.fromAsync(Deno.readDir(inbox))).map(({ name }) => name);
    return names.length === 1 && names[0] === "taken";
  });

  const file = join(house.dataDir, "go.erofs");
  await Deno.writeFile(file, await makeTinyPackage({ id: "go", title: "Go" }));
  const [program, ...args] = gamelan(["games", "import", file, "--data-dir", house.dataDir]);
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  await shows("go");
});
