/** Changes of an image (see next_version.ts) that make it a bad one. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

type Change = [from: string, to: string];

/** Its libavcodec finds no libx264: all starts, and no picture is encoded. */
export const NO_ENCODER: Change = ["libx264.so.164", "libx264.so.165"];

/** What {@linkcode hangsOnce} leaves where it has hung. */
export const HUNG = "/var/lib/hung";

/**
 * What restarts a system that did not prove itself stops process 1 at the first try, so that nothing
 * but the machine's watchdog can go on.
 */
export async function hangsOnce(): Promise<Change> {
  const script = await Deno.readTextFile(
    fileURLToPath(new URL("../../image/mkosi.extra/usr/lib/box/after-trial", import.meta.url)),
  );
  const hang = `#!/bin/sh
if [ ! -e ${HUNG} ]; then
  touch ${HUNG} && sync
  echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze
  exec sleep 3600
fi
exec systemctl --no-block reboot
`;
  assert.ok(hang.length <= script.length);
  return [script, hang.padEnd(script.length, "\n")];
}
