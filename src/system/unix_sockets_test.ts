import assert from "node:assert/strict";
import { join } from "node:path";
import { listenedAt } from "./unix_sockets.ts";

Deno.test("sockets that somebody listens at are found without connecting to them", async () => {
  const folder = await Deno.makeTempDir();
  const table = () => Deno.readTextFile("/proc/net/unix");
  try {
    const path = join(folder, "a control.sock");
    const listener = Deno.listen({ transport: "unix", path });
    const [, accepted] = await Promise.all([
      Deno.connect({ transport: "unix", path }).then((connection) => connection.close()),
      listener.accept(),
    ]);
    accepted.close();
    assert.ok(listenedAt(await table()).has(path));
    listener.close();
    // The file stays, as after a crash.
    await Deno.stat(path).catch(() => Deno.writeTextFile(path, ""));
    assert.ok(!listenedAt(await table()).has(path));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
