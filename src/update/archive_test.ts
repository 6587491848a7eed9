import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { BundleArchive, packBundle } from "./archive.ts";
import { BundleRefused } from "./refused.ts";
import { signBundle } from "./sign.ts";
import { readBundleHead } from "./verify.ts";

interface Place {
  bundle: string;
  out: string;
  /** The archive of the bundle. */
  bytes: Uint8Array<ArrayBuffer>;
  files: { name: string; bytes: number; sha256: string }[];
}

async function withArchive(test: (place: Place) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-archive-" });
  try {
    const [bundle, out] = [join(folder, "bundle"), join(folder, "out")];
    await Deno.mkdir(bundle);
    await Deno.mkdir(out);
    await Deno.writeFile(join(bundle, "root.raw"), new Uint8Array(70_000).fill(7));
    await Deno.writeTextFile(join(bundle, "kernel.efi"), "a kernel");
    await Deno.writeTextFile(join(bundle, "empty"), "");
    const { privateKey } = generateKeyPairSync("ed25519");
    const description = { product: "gamelan", architecture: "amd64" as const, version: "1.1" };
    const { files } = await signBundle(bundle, description, privateKey);
    const path = join(folder, "bundle.gamelan-update");
    await packBundle(bundle, path);
    await test({ bundle, out, bytes: await Deno.readFile(path), files });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function* pieces(bytes: Uint8Array<ArrayBuffer>, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

for (const size of [1000, 512, 65_536]) {
  Deno.test(`an archive that comes in pieces of ${size} bytes gives the bundle back`, () =>
    withArchive(async ({ bundle, out, bytes, files }) => {
      const archive = new BundleArchive(pieces(bytes, size));
      const head = await archive.head();
      assert.deepEqual(head, { ...await readBundleHead(bundle), keys: undefined });
      await archive.unpack(out, files);
      for (const { name } of files) {
        assert.deepEqual(
          await Deno.readFile(join(out, name)),
          await Deno.readFile(join(bundle, name)),
        );
      }
    }));
}

Deno.test("tar(1) reads it, and the same bundle gives the same bytes", () =>
  withArchive(async ({ bundle, out, bytes }) => {
    const path = join(out, "again.tar");
    await packBundle(bundle, path);
    assert.deepEqual(await Deno.readFile(path), bytes);
    const { code } = await new Deno.Command("tar", { args: ["-xf", path, "-C", out] }).output();
    assert.equal(code, 0);
    assert.deepEqual(names(out).filter((name) => name !== "again.tar"), names(bundle));
  }));

Deno.test("an archive that is cut anywhere is refused as truncated", () =>
  withArchive(async ({ out, bytes, files }) => {
    for (const end of [0, 100, 512, 700, 1536, 3000, 40_000, bytes.length - 1024]) {
      const archive = new BundleArchive(pieces(bytes.subarray(0, end), 4096));
      await assert.rejects(
        async () => {
          await archive.head();
          await archive.unpack(out, files);
        },
        (error) => error instanceof BundleRefused && error.reason === "truncated",
        `cut at ${end}`,
      );
    }
  }));

Deno.test("files of other names, sizes or kinds than the manifest's are refused and not written", () =>
  withArchive(async ({ out, bytes, files }) => {
    const at = bytes.length - 1024 - 70_144 - 512;
    const rename = (name: string, type = "0") => {
      const changed = bytes.slice();
      const block = changed.subarray(at, at + 512);
      block.fill(0, 0, 100);
      block.set(new TextEncoder().encode(name));
      block[156] = type.charCodeAt(0);
      block.fill(0x20, 148, 156);
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.set(new TextEncoder().encode(sum.toString(8).padStart(6, "0") + "\0 "), 148);
      return changed;
    };
    for (
      const changed of [
        rename("../root.raw"),
        rename("/etc/passwd"),
        rename("other.raw"),
        rename("kernel.efi"),
        rename("root.raw", "2"),
        rename("root.raw", "5"),
        rename(""),
      ]
    ) {
      const archive = new BundleArchive(pieces(changed, 4096));
      await archive.head();
      await assert.rejects(archive.unpack(out, files), BundleRefused);
      assert.ok(!names(out).includes("root.raw"));
      assert.ok(!names(out).includes("other.raw"));
    }
  }));

Deno.test("anything else than an update file is refused before a byte of it is kept", () =>
  withArchive(async ({ bytes }) => {
    const noise = crypto.getRandomValues(new Uint8Array(4096));
    const text = new TextEncoder().encode("<html>".repeat(200));
    const huge = bytes.slice();
    huge.set(new TextEncoder().encode("77777777777"), 124);
    for (const wrong of [noise, text, new Uint8Array(4096), huge, bytes.slice(1536)]) {
      await assert.rejects(new BundleArchive(pieces(wrong, 512)).head(), BundleRefused);
    }
  }));
