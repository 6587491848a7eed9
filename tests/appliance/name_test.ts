import assert from "node:assert/strict";
import { join } from "node:path";
import { mdnsName, reclaimPlainName } from "../../src/system/avahi.ts";

/** A busctl double: an Avahi of the name in the file `name`, to whom `neighbour` is gamelan.local. */
const busctl = `#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >>calls
case "$*" in
  *GetState) echo '{"type":"i","data":[2]}' ;;
  *GetHostNameFqdn) printf '{"type":"s","data":["%s.local"]}' "$(cat name)" ;;
  *ResolveHostName*)
    [ -e neighbour ] || { echo "Call failed: Timeout reached" >&2; exit 1; }
    printf '{"type":"iisisu","data":[2,0,"gamelan.local",0,"%s",5]}' "$(cat neighbour)" ;;
  *"SetHostName s "*) printf %s "\${*##* }" >name ;;
esac
`;

Deno.test("a numbered name is given up where the plain one is nobody else's", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-avahi-" });
  const path = Deno.env.get("PATH")!;
  const file = (name: string, text: string) => Deno.writeTextFile(join(folder, name), text);
  await Deno.writeTextFile(join(folder, "busctl"), busctl, { mode: 0o755 });
  Deno.env.set("PATH", `${folder}:${path}`);
  try {
    await file("name", "gamelan-2");
    await file("neighbour", "192.0.2.7");
    assert.equal(await mdnsName(), "gamelan-2.local");
    assert.equal(await reclaimPlainName("gamelan-2.local"), false);
    assert.equal(await mdnsName(), "gamelan-2.local");

    // It is this machine that answers to the plain name: what others remember of it.
    await file("neighbour", "127.0.0.1");
    assert.equal(await reclaimPlainName("gamelan-2.local"), true);
    assert.equal(await mdnsName(), "gamelan.local");

    await file("name", "gamelan-13");
    await Deno.remove(join(folder, "neighbour"));
    assert.equal(await reclaimPlainName("gamelan-13.local"), true);
    assert.equal(await mdnsName(), "gamelan.local");

    await Deno.remove(join(folder, "calls"));
    assert.equal(await reclaimPlainName("gamelan.local"), false);
    await assert.rejects(Deno.stat(join(folder, "calls")), Deno.errors.NotFound);
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
});
