/** How a system extension is put together, and how the box counts the tries of a new one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { addSums } from "../../image/artifacts.ts";
import { copyPackages, newPackages } from "../../image/extension/collect.ts";
import { run } from "../../image/run.ts";

async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-extension-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(join(path, ".."), { recursive: true });
  await Deno.writeTextFile(path, text);
}

Deno.test("an extension has the files below /usr of packages that the image lacks", () =>
  withFolder(async (folder) => {
    const tree = join(folder, "tree");
    const stanza = (name: string, status = "install ok installed") =>
      `Package: ${name}\nStatus: ${status}\nVersion: 1-2\n`;
    await write(
      join(tree, "var/lib/dpkg/status"),
      [stanza("libc6"), stanza("driver"), stanza("gone", "deinstall ok config-files")].join("\n"),
    );
    await write(
      join(tree, "var/lib/dpkg/info/driver:amd64.list"),
      "/.\n/usr\n/usr/lib\n/usr/lib/a.so.1\n/usr/lib/a.so\n/etc/driver.conf\n/usr/share/doc/x\n" +
        "/usr/lib/libGL.so.1\n",
    );
    // Another package has moved one of its files aside.
    await write(
      join(tree, "var/lib/dpkg/diversions"),
      "/usr/lib/libGL.so.1\n/usr/lib/mesa-diverted/libGL.so.1\nglx-diversions\n",
    );
    await write(join(tree, "usr/lib/mesa-diverted/libGL.so.1"), "diverted");
    await write(join(tree, "usr/lib/a.so.1"), "library");
    await Deno.symlink("a.so.1", join(tree, "usr/lib/a.so"));
    await write(join(tree, "etc/driver.conf"), "");

    const packages = await newPackages(tree, new Set(["libc6"]));
    assert.deepEqual(packages, [{ name: "driver", version: "1-2" }]);
    const extension = join(folder, "extension");
    await copyPackages(tree, packages, extension);
    const found = await run(["find", ".", "-not", "-type", "d", "-printf", "%p %l\n"], {
      cwd: extension,
    });
    assert.deepEqual(found.trim().split("\n").map((line) => line.trim()).sort(), [
      "./usr/lib/a.so a.so.1",
      "./usr/lib/a.so.1",
      "./usr/lib/libGL.so.1",
    ]);
    assert.equal(await Deno.readTextFile(join(extension, "usr/lib/libGL.so.1")), "diverted");
  }));

Deno.test("checksums of more files are added, and those of the same name replaced", () =>
  withFolder(async (folder) => {
    for (const name of ["b", "a"]) await write(join(folder, name), name);
    await addSums(folder, [join(folder, "b")]);
    await addSums(folder, [join(folder, "a")]);
    await write(join(folder, "b"), "changed");
    await addSums(folder, [join(folder, "b")]);
    await run(["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], { cwd: folder });
    const text = await Deno.readTextFile(join(folder, "SHA256SUMS"));
    assert.deepEqual(text.trim().split("\n").map((line) => line.slice(66)), ["a", "b"]);
  }));

Deno.test("the third start with an extension that nobody has called good is made without it", () =>
  withFolder(async (folder) => {
    const script = fileURLToPath(
      new URL("../../image/mkosi.extra/usr/lib/box/may-extend", import.meta.url),
    );
    const start = async () => {
      const { code } = await new Deno.Command(script, { env: { EXTENSIONS_DIR: folder } }).output();
      return code;
    };
    // None is tried.
    assert.deepEqual([await start(), await start(), await start()], [0, 0, 0]);
    await write(join(folder, ".trial"), "0\n");
    assert.deepEqual([await start(), await start(), await start(), await start()], [0, 0, 1, 1]);
    await Deno.remove(join(folder, ".trial"));
    assert.equal(await start(), 0);
    // A power cut may have left it empty.
    await write(join(folder, ".trial"), "");
    assert.deepEqual([await start(), await start(), await start()], [0, 0, 1]);
  }));
