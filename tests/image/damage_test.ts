/**
 * What a box does where its root is damaged, and where it hangs. A root that cannot be opened is waited for
 * for a minute and a half: the disk may be slow to come.
 */
import assert from "node:assert/strict";
import { artifacts, imageUnderTest } from "./tested_image.ts";
import { Machine } from "./machine.ts";
import { startedBox } from "./started_box.ts";
import { temporaryFolder } from "./temporary.ts";
import { eventually } from "./wait.ts";

const SLOW_MS = 240_000;

Deno.test("a box with a damaged root, and one that hangs", async (t) => {
  await using folder = await temporaryFolder();
  await using machine = await Machine.start({
    ...await startedBox(imageUnderTest(), folder.path),
    ...{ name: "damage", reboots: true, watchdog: true, unplayed: true },
  }, artifacts);
  await machine.sshReady();

  await t.step("a changed block of the root is refused", async () => {
    const font = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf";
    // A block in the middle of a file that nothing here reads: the rest is wanted for the next step.
    const { stderr } = await machine.ssh(
      `
      slot=$(lsblk -nro PATH,PARTLABEL /dev/vda | awk '$2 ~ /^gamelan_[0-9.]+$/ { print $1 }')
      block=$(filefrag -v ${font} | awk '$1 == "2:" { print int($4) }')
      dd if=/dev/urandom of="$slot" bs=4096 seek="$block" count=1 conv=notrunc,fsync status=none
      echo 3 >/proc/sys/vm/drop_caches
      cat ${font} >/dev/null
      # And for the last step of all the head of the file system, which is in memory until then.
      dd if=/dev/urandom of="$slot" bs=4096 count=1 conv=notrunc,fsync status=none
    `,
      SLOW_MS,
    );
    assert.match(stderr, /DejaVuSans-Bold.ttf: Input\/output error/);
  });

  let asked = Promise.resolve("");
  await t.step("a system that hangs is reset by the machine's watchdog", async () => {
    assert.equal(machine.count("WATCHDOG"), 0);
    const resets = machine.count("RESET");
    // Process 1 does nothing any more. There may be no answer.
    asked = machine.ssh("echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze", SLOW_MS)
      .then(({ code, stderr }) => `code ${code} ${stderr}`, (error) => `${error}`);
    await eventually(
      "a reset",
      () => Promise.resolve(machine.count("WATCHDOG") > 0 && machine.count("RESET") > resets),
      { withinMs: SLOW_MS, everyMs: 500 },
    ).catch(async (error) => {
      throw new Error(`${error.message}; asked to hang: ${await asked}`);
    });
  });

  await t.step(
    "it restarts in place of giving a shell where its root cannot be opened",
    async () => {
      const resets = machine.count("RESET");
      await eventually(
        "another start",
        () => Promise.resolve(machine.count("RESET") > resets),
        { withinMs: SLOW_MS, everyMs: 500 },
      );
      const log = await Deno.readTextFile(machine.serial);
      const last = log.slice(log.lastIndexOf("EFI stub: Loaded initrd"));
      assert.match(last, /This box could not start\. It restarts/);
      assert.doesNotMatch(last, /root account is locked|Enter for maintenance|sulogin/);
    },
  );
  await machine.cutPower();
  await asked;
});
