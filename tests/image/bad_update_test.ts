/** An update that cannot encode, and hangs besides: the box goes back by itself and says why. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packBundle } from "../../src/update/archive.ts";
import { imageKey, imageUnderTest, keepFigures } from "./image_under_test.ts";
import { makeNextVersion } from "./next_version.ts";
import { temporaryFolder } from "./temporary.ts";
import { UPDATE, UpdatedBox } from "./updated_box.ts";
import { nextVersions } from "./versions.ts";

const MINUTES = 60_000;

/**
 * A change of the image: what restarts a system that did not prove itself stops process 1 at the first
 * try, so that nothing but the machine's watchdog can go on.
 */
async function hangsOnce(): Promise<[string, string]> {
  const script = await Deno.readTextFile(
    fileURLToPath(new URL("../../image/mkosi.extra/usr/lib/box/after-trial", import.meta.url)),
  );
  const hang = `#!/bin/sh
if [ ! -e /var/lib/hung ]; then
  touch /var/lib/hung && sync
  echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze
  exec sleep 3600
fi
exec systemctl --no-block reboot
`;
  assert.ok(hang.length <= script.length);
  return [script, hang.padEnd(script.length, "\n")];
}

Deno.test("an update that encodes no picture, and hangs, is tried three times and taken back", async () => {
  await using folder = await temporaryFolder();
  const image = imageUnderTest();
  const [running, broken] = nextVersions(image, 1);
  const bundle = await makeNextVersion(image, folder.path, {
    version: broken,
    key: await imageKey(),
    // Its libavcodec finds no libx264: all starts, and no picture is encoded.
    changes: [["libx264.so.164", "libx264.so.165"], await hangsOnce()],
  });
  const update = join(folder.path, "broken.gamelan-update");
  await packBundle(bundle, update);
  await Deno.remove(bundle, { recursive: true });
  await using box = await UpdatedBox.start({
    image,
    name: "bad-update",
    folder: folder.path,
    update,
  });
  const { machine } = box;
  assert.equal(machine.count("WATCHDOG"), 0);
  const restart = await box.restart(
    () => machine.ssh(`gamelan update ${UPDATE}`, 15 * MINUTES),
    running,
  );
  await box.runs(running);
  const { lastUpdate, slots } = await box.status();
  assert.equal(lastUpdate.outcome, "taken-back");
  assert.match(
    lastUpdate.detail,
    /tried three times and taken back: .*encode.*libx264\.so\.16[45]: cannot open/s,
  );
  assert.equal(slots.other.blessed, false);
  assert.match(await machine.output("gamelan update --status"), /tried three times/);
  // What made the first of the three tries end.
  assert.equal(machine.count("WATCHDOG"), 1);
  await machine.output("test -e /var/lib/hung");
  await keepFigures("image-bad-update", { restart, reason: lastUpdate.detail });
});
