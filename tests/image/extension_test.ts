/**
 * System extensions of a box, with a small one that is built as NVIDIA's driver is: added, used, refused
 * where it does not fit, and removed. The driver itself: nvidia_driver.ts.
 */
import assert from "node:assert/strict";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../../image/run.ts";
import { buildExtension, doctorRow, restartedWith, unresolved } from "./extended_box.ts";
import { artifacts, imageKeyFile, imageUnderTest, keepFigures } from "./tested_image.ts";
import { Machine } from "./machine.ts";
import { claimCode, Owner } from "./owner.ts";
import { startedBox } from "./started_box.ts";
import { makeTinyExtension } from "./tiny_extension.ts";
import { versionOf } from "./versions.ts";

const SAMPLE = fileURLToPath(new URL("extensions/sample", import.meta.url));

Deno.test("a system extension", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-image-test-" });
  await using _ = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  const image = imageUnderTest();
  const version = versionOf(image);
  const figures: Record<string, unknown> = {};
  await using machine = await Machine.start(
    { ...await startedBox(image, folder), name: "extension", reboots: true, unplayed: true },
    artifacts,
  );
  const build = async () => {
    const began = performance.now();
    await buildExtension(SAMPLE, image, { output: folder, key: imageKeyFile() });
    figures.buildSeconds = Math.round((performance.now() - began) / 1000);
    figures.bytes = (await Deno.stat(join(folder, `gamelan-sample_${version}.raw`))).size;
  };
  const start = async () => {
    await machine.sshReady();
    await machine.ready();
  };
  await Promise.all([start(), build()]);
  const file = `gamelan-sample_${version}`;

  await t.step("the files beside it say what is in it", async () => {
    await run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: folder });
    const bill = JSON.parse(await Deno.readTextFile(join(folder, `${file}.cdx.json`)));
    const names = bill.components.map(({ name }: { name: string }) => name);
    assert.deepEqual(names, ["libjansson4"]);
  });

  const update = `/var/lib/${file}.gamelan-update`;
  const content = await Deno.readFile(join(folder, basename(update)));
  await machine.write(update, content);
  using owner = await Owner.claim(machine, {
    code: await claimCode(machine),
    password: "gambang kayu",
  });
  await machine.output("test ! -e /lib/modules/$(uname -r)/updates");

  await t.step(
    "added from the page, as a signed update, it is used from the next start on",
    async () => {
      // One that somebody has copied there, of a system with another kernel.
      const other = await makeTinyExtension(folder, {
        ...{ name: "other", version },
        level: `${version}-6.1.0-1-amd64-00000000`,
      });
      await machine.output("mkdir -p /var/lib/extensions");
      await machine.write(`/var/lib/extensions/${basename(other)}`, await Deno.readFile(other));
      await restartedWith(machine, () => owner.update(content));
      assert.match(
        await machine.output("journalctl -b -1 -u gamelan-update.service -o cat --no-pager"),
        /is added; restarting/,
      );
      assert.match(await machine.output("systemd-sysext status"), new RegExp(file));
      assert.equal(await machine.output("cat /usr/share/gamelan-sample/arranged"), "arranged");
      assert.match(await machine.output("findmnt -no FSTYPE,OPTIONS /usr"), /^overlay\s+ro\b/);
    },
  );

  await t.step("its kernel module fits the kernel and is loaded at the start", async () => {
    assert.match(await machine.output("cat /proc/modules"), /^acpi_call /m);
    assert.match(
      await machine.output("modinfo -F filename acpi_call"),
      /\/updates\/acpi_call\.ko\.xz$/,
    );
    // The list of modules has the image's own too.
    assert.match(await machine.output("modinfo -F filename uinput"), /\/kernel\/drivers\/input/);
    assert.equal(await unresolved(machine), "");
  });

  await t.step("its library is found by the house's programs, without a cache", async () => {
    const script = 'const l = Deno.dlopen("libjansson.so.4", {' +
      ' jansson_version_str: { parameters: [], result: "pointer" } });' +
      "console.log(Deno.UnsafePointerView.getCString(l.symbols.jansson_version_str()))";
    const load = `printf '%s' '${script}' | /usr/lib/gamelan/deno run -A --no-config --ext=js -`;
    // As the house sees it: in its own view of the file system.
    const said = await machine.output(
      `nsenter -t $(systemctl show -P MainPID gamelan.service) -m sh -c "${
        load.replaceAll('"', '\\"').replaceAll("$", "\\$")
      }"`,
    );
    assert.match(said, /^2\.\d+/);
  });

  await t.step("one for another kernel is left aside, and both are named", async () => {
    const log = await machine.output("journalctl -b -u box-extensions.service -o cat --no-pager");
    assert.match(
      log,
      new RegExp(`gamelan-other_\\S+ is not for this system, ${version} with Linux 6\\.`),
    );
    assert.match(log, /The sample extension is in use/);
    const other = await doctorRow(machine, "extension-other");
    assert.equal(other.status, "warning");
    assert.match(other.evidence, /is not for this system/);
    const sample = await doctorRow(machine, "extension-sample");
    assert.deepEqual([sample.status, sample.evidence], ["ok", `${file}.raw is in use`]);
    assert.equal(await machine.output("systemctl --failed --plain --no-legend"), "");
  });

  await t.step("the same again is no work", async () => {
    const again = await machine.output(`gamelan update ${update}`);
    assert.match(again, /Nothing to do: .* has the extension gamelan-sample/);
  });

  await t.step("it is removed with its file", async () => {
    await machine.output(
      "rmmod acpi_call && rm /var/lib/extensions/*.raw && systemctl restart systemd-sysext.service",
    );
    assert.equal((await machine.ssh("modprobe acpi_call")).code, 1);
    await machine.output("test ! -e /usr/share/gamelan-sample");
    await machine.ready();
  });
  await keepFigures("image-extension", figures);
});
