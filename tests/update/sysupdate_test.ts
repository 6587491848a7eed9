import assert from "node:assert/strict";
import { SlotDisk } from "./slot_disk.ts";

async function withDisk(test: (disk: SlotDisk) => Promise<void>): Promise<void> {
  const disk = await SlotDisk.create();
  try {
    await test(disk);
  } finally {
    await disk.remove();
  }
}

const fresh = {
  current: { name: "a", version: "1.0", blessed: true },
  other: { name: "b", version: undefined, blessed: false },
};

Deno.test("an update goes into the empty slot and is blessed only when it is told so", () =>
  withDisk(async (disk) => {
    const updater = disk.updater();
    assert.deepEqual(await updater.slots(), fresh);
    const bundle = await disk.bundle("1.1");
    await updater.verify(bundle);
    await updater.install(bundle);
    assert.deepEqual(await updater.slots(), {
      ...fresh,
      other: { name: "b", version: "1.1", blessed: false },
    });
    await disk.boot("gamelan_1.1+3-0.efi");
    const updated = disk.updater("1.1");
    assert.equal((await updated.slots()).current.blessed, false);
    await updated.markGood();
    await updated.markGood();
    assert.deepEqual(await updated.slots(), {
      current: { name: "b", version: "1.1", blessed: true },
      other: { name: "a", version: "1.0", blessed: true },
    });
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi", "gamelan_1.1.efi"]);
  }));

Deno.test("the next update replaces the older slot, and never what runs", () =>
  withDisk(async (disk) => {
    await disk.updater().install(await disk.bundle("1.1"));
    await disk.updater("1.1").markGood();
    await disk.updater("1.1").install(await disk.bundle("1.2"));
    assert.deepEqual(await disk.labels(), [
      "gamelan_1.2_verity",
      "gamelan_1.2",
      "gamelan_1.1_verity",
      "gamelan_1.1",
    ]);
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.1.efi", "gamelan_1.2+3-0.efi"]);
  }));

for (const cutAfter of [0, 1, 2]) {
  Deno.test(`a power cut before step ${cutAfter + 1} of an installation leaves what runs, and a later one succeeds`, () =>
    withDisk(async (disk) => {
      const bundle = await disk.bundle("1.1");
      disk.cutAfter = cutAfter;
      await assert.rejects(disk.updater().install(bundle), /power/);
      assert.deepEqual(await disk.updater().slots(), fresh);
      assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi"]);
      disk.cutAfter = Infinity;
      await disk.updater().install(bundle);
      assert.equal((await disk.updater().slots()).other.version, "1.1");
    }));
}

Deno.test("a system that failed its three tries can be installed again, and is no way back", () =>
  withDisk(async (disk) => {
    const updater = disk.updater();
    await updater.install(await disk.bundle("1.1"));
    for (const name of ["+3-0", "+2-1", "+1-2"]) await disk.boot(`gamelan_1.1${name}.efi`);
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi", "gamelan_1.1+0-3.efi"]);
    await assert.rejects(updater.rollback(), /nothing to go back to.*1\.1.*did not prove itself/);
    // Its change is over all the same, and what failed stays to be seen.
    await updater.discard("1.1");
    assert.equal((await updater.slots()).other.version, "1.1");
    await updater.install(await disk.bundle("1.1"));
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi", "gamelan_1.1+3-0.efi"]);
  }));

Deno.test("a rollback takes back what waits, else goes to the proven other slot", () =>
  withDisk(async (disk) => {
    await assert.rejects(disk.updater().rollback(), /nothing to go back to.*holds nothing/);
    await disk.updater().install(await disk.bundle("1.1"));
    assert.equal(await disk.updater().rollback(), "1.0");
    assert.deepEqual(await disk.updater().slots(), fresh);
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi"]);

    await disk.updater().install(await disk.bundle("1.2"));
    await disk.updater("1.2").markGood();
    assert.equal(await disk.updater("1.2").rollback(), "1.0");
    // The boot loader takes a kernel without tries left only where there is no other.
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi", "gamelan_1.2+0-1.efi"]);
    assert.equal((await disk.updater().slots()).other.blessed, false);
  }));

Deno.test("what waits is discarded, once or twice", () =>
  withDisk(async (disk) => {
    const updater = disk.updater();
    await updater.install(await disk.bundle("1.1"));
    await updater.discard("1.2");
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi", "gamelan_1.1+3-0.efi"]);
    for (let times = 0; times < 2; times++) {
      await updater.discard("1.1");
      assert.deepEqual(await updater.slots(), fresh);
      assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi"]);
    }
  }));

Deno.test("bundles that lack a file or do not fit the slots are refused before anything is written", () =>
  withDisk(async (disk) => {
    const before = [await disk.labels(), disk.kernelNames()];
    const updater = disk.updater();
    for (const missing of [0, 1, 2]) {
      const bundle = await disk.bundle("1.1", (names) => names.toSpliced(missing, 1));
      await assert.rejects(updater.verify(bundle), /0 files for the (root|verity|kernel)/);
    }
    const twice = await disk.bundle("1.1", (names) => [
      ...names,
      names[0].replace("0123", "9999"),
    ]);
    await assert.rejects(updater.verify(twice), /2 files for the root/);
    const large = await disk.bundle("1.1");
    large.manifest.files[0].bytes = 5 << 20;
    await assert.rejects(updater.verify(large), /has 5242880 bytes; the slots here hold 4194304/);
    assert.deepEqual([await disk.labels(), disk.kernelNames()], before);
  }));

Deno.test("kernels of other systems on the partition are left alone", () =>
  withDisk(async (disk) => {
    for (const name of ["debian.efi", "gamelan_x.efi", "gamelanos_9.efi"]) await disk.kernel(name);
    await disk.updater().install(await disk.bundle("1.1"));
    await disk.updater("1.1").markGood();
    await disk.updater("1.1").rollback();
    for (const name of ["debian.efi", "gamelan_x.efi", "gamelanos_9.efi"]) {
      assert.ok(disk.kernelNames().includes(name), name);
    }
  }));

Deno.test("a disk without slots is refused in plain words", () =>
  withDisk(async (disk) => {
    await Deno.writeTextFile(disk.disk, "");
    await Deno.truncate(disk.disk, 1 << 20);
    await assert.rejects(disk.updater().slots(), /sfdisk|slots|Gamelan's disk/);
    await assert.rejects(disk.updater("9.9").install(await disk.bundle("10.0")));
  }));

/** The same bundle with extensions of these names. */
async function withExtensions(disk: SlotDisk, version: string, ...extensions: string[]) {
  return await disk.bundle(version, (names) => [...names, ...extensions]);
}

Deno.test("an extension comes with its system before the kernel, and goes with it", () =>
  withDisk(async (disk) => {
    const bundle = await withExtensions(disk, "1.1", "gamelan-nvidia_1.1.raw");
    await disk.updater().verify(bundle);
    disk.cutAfter = 2;
    await assert.rejects(disk.updater().install(bundle), /power/);
    assert.deepEqual(disk.extensionNames(), ["gamelan-nvidia_1.1.raw"]);
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi"]);
    disk.cutAfter = Infinity;
    await disk.updater().install(bundle);
    const running = disk.updater("1.1");
    assert.equal(
      await running.runningFile("gamelan-nvidia_1.1.raw"),
      `${disk.extensions}/gamelan-nvidia_1.1.raw`,
    );
    assert.equal(await running.runningFile("gamelan-nvidia_1.0.raw"), undefined);
    await running.markGood();
    await running.install(await withExtensions(disk, "1.2", "gamelan-nvidia_1.2.raw"));
    assert.deepEqual(disk.extensionNames(), ["gamelan-nvidia_1.1.raw", "gamelan-nvidia_1.2.raw"]);
    // What waits is taken back, with its extension.
    assert.equal(await running.rollback(), "1.1");
    assert.deepEqual(disk.extensionNames(), ["gamelan-nvidia_1.1.raw"]);
  }));

Deno.test("a system that would lose its extension, and an extension of another version, are refused", () =>
  withDisk(async (disk) => {
    await disk.updater().install(await withExtensions(disk, "1.1", "gamelan-nvidia_1.1.raw"));
    const running = disk.updater("1.1");
    await assert.rejects(
      running.verify(await disk.bundle("1.2")),
      /uses the extension nvidia, of which the bundle has none for 1\.2/,
    );
    await assert.rejects(
      running.verify(await withExtensions(disk, "1.3", "gamelan-nvidia_1.2.raw")),
      /holds gamelan-nvidia_1\.2\.raw, but is for 1\.3/,
    );
    await running.verify(await withExtensions(disk, "1.4", "gamelan-nvidia_1.4.raw"));
  }));

Deno.test("an extension for what runs is tried, and can be taken back", () =>
  withDisk(async (disk) => {
    const updater = disk.updater();
    const bundle = await disk.bundle("1.0", () => ["gamelan-nvidia_1.0.raw"]);
    bundle.manifest.extendsSystem = true;
    await updater.verify(bundle);
    await updater.extend(bundle);
    assert.deepEqual(disk.extensionNames(), [".trial", "gamelan-nvidia_1.0.raw"]);
    assert.equal(await updater.isExtended(["gamelan-nvidia_1.0.raw"]), false);
    await disk.merge("gamelan-nvidia_1.0");
    assert.equal(await updater.isExtended(["gamelan-nvidia_1.0.raw"]), true);
    await updater.markGood();
    assert.deepEqual(disk.extensionNames(), ["gamelan-nvidia_1.0.raw"]);
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi"]);

    await updater.extend(bundle);
    await updater.withdraw(["gamelan-nvidia_1.0.raw"]);
    assert.deepEqual(disk.extensionNames(), []);
    assert.deepEqual(disk.kernelNames(), ["gamelan_1.0.efi"]);

    bundle.manifest.files[0].name = "something.raw";
    await assert.rejects(updater.verify(bundle), /holds more than extensions/);
  }));
