import assert from "node:assert/strict";
import { join } from "node:path";
import { mdnsName, reclaimLowerName } from "../../src/system/avahi.ts";

/** A busctl double: an Avahi of the name in the file `name`; `NAME.local` has the address of another one. */
const busctl = `#!/bin/sh
cd "$(dirname "$0")"
echo "$*" >>calls
case "$*" in
  *GetState) echo '{"type":"i","data":[2]}' ;;
  *GetHostNameFqdn) printf '{"type":"s","data":["%s.local"]}' "$(cat name)" ;;
  *"ResolveHostName iisiu -1 -1 "*)
    asked="\${*#* iisiu -1 -1 }"; asked="\${asked%% *}"
    [ -e "$asked" ] || { echo "Call failed: Timeout reached" >&2; exit 1; }
    printf '{"type":"iisisu","data":[2,0,"%s",0,"%s",5]}' "$asked" "$(cat "$asked")" ;;
  *"SetHostName s "*) printf %s "\${*##* }" >name ;;
esac
`;

Deno.test("a numbered name is given up for a lower one that is nobody else's", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-avahi-" });
  const path = Deno.env.get("PATH")!;
  const file = (name: string, text: string) => Deno.writeTextFile(join(folder, name), text);
  await Deno.writeTextFile(join(folder, "busctl"), busctl, { mode: 0o755 });
  Deno.env.set("PATH", `${folder}:${path}`);
  try {
    await file("name", "gamelan-2");
    await file("gamelan.local", "192.0.2.7");
    assert.equal(await mdnsName(), "gamelan-2.local");
    assert.equal(await reclaimLowerName("gamelan-2.local"), undefined);
    assert.equal(await mdnsName(), "gamelan-2.local");

    await file("name", "gamelan-4");
    await file("gamelan-2.local", "192.0.2.8");
    assert.equal(await reclaimLowerName("gamelan-4.local"), "gamelan-3.local");
    assert.equal(await mdnsName(), "gamelan-3.local");

    // It is this machine that answers to the plain name: what others remember of it.
    await file("gamelan.local", "127.0.0.1");
    assert.equal(await reclaimLowerName("gamelan-2.local"), "gamelan.local");
    assert.equal(await mdnsName(), "gamelan.local");

    await file("name", "gamelan-13");
    await Deno.remove(join(folder, "gamelan.local"));
    assert.equal(await reclaimLowerName("gamelan-13.local"), "gamelan.local");
    assert.equal(await mdnsName(), "gamelan.local");

    await Deno.remove(join(folder, "calls"));
    assert.equal(await reclaimLowerName("gamelan.local"), undefined);
    await assert.rejects(Deno.stat(join(folder, "calls")), Deno.errors.NotFound);
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(folder, { recursive: true });
  }
});
