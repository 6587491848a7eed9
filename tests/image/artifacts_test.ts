/** The files that a build of the image leaves, without starting them: sums, parts, bill, domain. */
import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { findArtifacts } from "../../image/artifacts.ts";
import { run } from "../../image/run.ts";
import { imageUnderTest } from "./tested_image.ts";
import { temporaryFolder } from "./temporary.ts";
import { versionOf } from "./versions.ts";

const ROOT_BYTES = 450 * 2 ** 20;

Deno.test("the files of the image", async (t) => {
  const image = imageUnderTest();
  const folder = dirname(image);
  const version = versionOf(image);
  const stem = join(folder, `gamelan_${version}`);
  const { root, verity, kernel, rootHash, manifest } = await findArtifacts(folder, version);

  await t.step("every one that is handed on has its checksum", async () => {
    await run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], { cwd: folder });
    const sums = await Deno.readTextFile(join(folder, "SHA256SUMS"));
    const named = new Set(sums.trim().split("\n").map((line) => line.split("  ")[1]));
    for (const ending of ["raw", "qcow2", "xml", "efi", "cdx.json", "gamelan-update"]) {
      assert.ok(named.has(`gamelan_${version}.${ending}`), `no sum of the ${ending}`);
    }
    for (const file of [root, verity]) assert.ok(named.has(basename(file)), file);
  });

  await t.step("the root is what its name, its verity data and the kernel say", async () => {
    await run(["veritysetup", "verify", root, verity, rootHash]);
    const bytes = Buffer.from(await Deno.readFile(kernel));
    assert.ok(bytes.includes(`roothash=${rootHash}`), "the kernel expects another root");
    const { size } = await Deno.stat(root);
    assert.ok(size <= ROOT_BYTES, `expected at most 450 MiB, the root has ${size} bytes`);
  });

  await t.step("the disk for virtual machines holds the same as the raw one", async () => {
    const qcow2 = `${stem}.qcow2`;
    await run(["qemu-img", "check", "-q", qcow2]);
    await run(["qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", image, qcow2]);
  });

  await t.step("libvirt takes the domain, with a GPU handed over too", async () => {
    const domain = await Deno.readTextFile(`${stem}.xml`);
    assert.match(domain, new RegExp(`<source file='/[^']*gamelan_${version}\\.qcow2' />`));
    await using temporary = await temporaryFolder();
    const passed = join(temporary.path, "domain.xml");
    // As its reader is told to: the comment's ends around the devices are taken away.
    const opened = domain.replace(/<!-- The GPU, handed over[^<]*/, "").replace(/^\s*-->$/m, "");
    assert.match(opened, /<hostdev mode='subsystem' type='pci' managed='yes'>/);
    assert.equal(opened.match(/<!--/g)?.length, domain.match(/<!--/g)!.length - 1);
    await Deno.writeTextFile(passed, opened);
    for (const file of [`${stem}.xml`, passed]) {
      await run(["virt-xml-validate", file, "domain"]);
    }
  });

  await t.step("the bill of materials has every package, Deno and what Gamelan uses", async () => {
    const bill = JSON.parse(await Deno.readTextFile(`${stem}.cdx.json`));
    assert.deepEqual([bill.bomFormat, bill.specVersion], ["CycloneDX", "1.6"]);
    const purls = new Set(bill.components.map(({ purl }: { purl: string }) => purl));
    const { packages } = JSON.parse(await Deno.readTextFile(manifest));
    assert.ok(packages.length > 100, `${packages.length} packages`);
    for (const { name, version: its } of packages) {
      const purl = `pkg:deb/debian/${name}@${encodeURIComponent(its)}?`;
      assert.ok([...purls].some((one) => (one as string).startsWith(purl)), `${name} is not in it`);
    }
    assert.ok(purls.has(`pkg:github/denoland/deno@v${Deno.version.deno}`));
    for (const name of ["werift", "hono", "ws", "preact"]) {
      assert.ok([...purls].some((one) => (one as string).startsWith(`pkg:npm/${name}@`)), name);
    }
  });
});
