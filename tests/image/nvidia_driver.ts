/**
 * NVIDIA's driver in a box without such a GPU. Not among the tests that run by themselves, because
 * building it takes long and its licence is NVIDIA's:
 *
 *     deno task image && deno task image:nvidia
 *     deno task test:image --image image/build/output/gamelan_VERSION.raw tests/image/nvidia_driver.ts
 */
import assert from "node:assert/strict";
import { addExtension, doctorRow, unresolved } from "./extended_box.ts";
import { artifacts, imageUnderTest, keepFigures } from "./tested_image.ts";
import { Machine, makeKey } from "./machine.ts";
import { versionOf } from "./versions.ts";

Deno.test("NVIDIA's driver", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-image-test-" });
  await using _ = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  const image = imageUnderTest();
  const file = `gamelan-nvidia_${versionOf(image)}`;
  const update = image.replace(/[^/]+$/, `${file}.gamelan-update`);
  const key = await makeKey(folder);
  await using machine = await Machine.start(
    { image, name: "nvidia", key, reboots: true, drives: { nvidia: update } },
    artifacts,
  );
  await machine.sshReady();
  await machine.ready();
  await addExtension(machine, "/dev/disk/by-id/virtio-nvidia");
  const figures: Record<string, unknown> = { bytes: (await Deno.stat(update)).size };

  await t.step("it is merged, and no unit has failed for want of a GPU", async () => {
    assert.match(await machine.output("systemd-sysext status"), new RegExp(file));
    assert.equal(await machine.output("systemctl --failed --plain --no-legend"), "");
    const log = await machine.output("journalctl -b -u box-extensions.service -o cat --no-pager");
    assert.match(log, /No NVIDIA GPU is in this machine/);
  });

  await t.step("the kernel takes its modules, which find no GPU", async () => {
    const { code, stderr } = await machine.ssh("modprobe nvidia");
    assert.equal(code, 1);
    assert.match(stderr, /No such device/);
    const log = await machine.output("dmesg | grep NVRM");
    assert.match(log, /No NVIDIA GPU found/);
    const all = await machine.output("modprobe --show-depends nvidia-drm; modprobe -D nvidia-uvm");
    for (const name of ["nvidia", "nvidia_modeset", "nvidia_drm", "nvidia_uvm"]) {
      assert.match(all, new RegExp(`/updates/${name}\\.ko`));
    }
    const aliases = await machine.output(
      // An RTX 4090, as its PCI device names itself.
      "modprobe --resolve-alias pci:v000010DEd00002684sv00001043sd000088E2bc03sc00i00",
    );
    assert.match(aliases, /^nvidia$/m);
    assert.equal(await unresolved(machine), "");
  });

  await t.step("doctor loads its libraries and says that there is no GPU", async () => {
    const row = await doctorRow(machine, "nvidia");
    figures.doctor = row.evidence;
    assert.match(
      row.evidence,
      /Libraries for CUDA 12\.\d and NVENC 12\.\d are there; no NVIDIA GPU/,
    );
  });

  await t.step("its parts are where the GPU's programs look", async () => {
    await machine.output(`
      cd /usr
      test -e lib/firmware/nvidia/*/gsp_ga10x.bin
      test -e share/vulkan/icd.d/nvidia_icd.json
      test -e share/glvnd/egl_vendor.d/10_nvidia.json
      test -e share/egl/egl_external_platform.d/15_nvidia_gbm.json
      test -e lib/x86_64-linux-gnu/gbm/nvidia-drm_gbm.so
      test ! -e lib/x86_64-linux-gnu/nvidia
      nvidia-smi --help >/dev/null
    `);
    const missing = await machine.output(
      "find /usr/lib/x86_64-linux-gnu /usr/bin -xtype l -lname '*nvidia*' 2>/dev/null; true",
    );
    assert.equal(missing, "");
  });

  await t.step("the house may open its devices", async () => {
    const rules = await machine.output("systemctl show -P DeviceAllow gamelan.service");
    assert.match(rules, /char-nvidia\* rw/);
  });
  await keepFigures("image-nvidia", figures);
});
