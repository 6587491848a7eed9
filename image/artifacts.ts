import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { run } from "./run.ts";

/** The files of one build, as paths. */
export interface Artifacts {
  /** The whole disk. */
  disk: string;
  /** The kernel with initrd and command line, as the ESP holds it. */
  kernel: string;
  root: string;
  verity: string;
  manifest: string;
  /** What the kernel is told to expect of the root, hexadecimal. */
  rootHash: string;
}

/**
 * Finds what mkosi has left in `output`.
 *
 * @throws where something is missing
 */
export async function findArtifacts(output: string, version: string): Promise<Artifacts> {
  const names = (await Array.fromAsync(Deno.readDir(output))).map(({ name }) => name);
  const find = (pattern: RegExp) => {
    const name = names.find((one) => pattern.test(one));
    if (name === undefined) {
      throw new Error(`expected a file ${pattern} in ${output}, got ${names.join(", ")}`);
    }
    return join(output, name);
  };
  const base = `^gamelan_${RegExp.escape(version)}`;
  const root = find(new RegExp(`${base}\\.root-x86-64\\.[0-9a-f]{32}\\.raw$`));
  const verity = find(new RegExp(`${base}\\.root-x86-64-verity\\.[0-9a-f]{32}\\.raw$`));
  const half = (path: string) => basename(path).match(/\.([0-9a-f]{32})\.raw$/)![1];
  return {
    disk: find(new RegExp(`${base}\\.raw$`)),
    kernel: find(new RegExp(`${base}\\.efi$`)),
    manifest: find(new RegExp(`${base}\\.manifest$`)),
    root,
    verity,
    // The Discoverable Partitions Specification: each partition's id is a half of the root's hash.
    rootHash: half(root) + half(verity),
  };
}

/** Writes the same disk as qcow2, in which empty space takes none. */
export async function writeQcow2(disk: string): Promise<string> {
  const file = disk.replace(/\.raw$/, ".qcow2");
  await run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, file]);
  return file;
}

/** Writes SHA256SUMS of `files` beside them, in the form that sha256sum(1) checks. */
export async function writeSums(output: string, files: string[]): Promise<void> {
  await Deno.writeTextFile(join(output, "SHA256SUMS"), "");
  await addSums(output, files);
}

/** Adds `files` to SHA256SUMS beside them, or replaces what it says of them. */
export async function addSums(output: string, files: string[]): Promise<void> {
  const path = join(output, "SHA256SUMS");
  const names = new Set(files.map((file) => basename(file)));
  const before = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  });
  const lines = before.split("\n").filter((line) =>
    line !== "" && !names.has(line.slice(line.indexOf("  ") + 2))
  );
  for (const file of files) {
    const hash = createHash("sha256");
    using opened = await Deno.open(file);
    for await (const chunk of opened.readable) hash.update(chunk);
    lines.push(`${hash.digest("hex")}  ${basename(file)}`);
  }
  // By name.
  lines.sort((a, b) => a.slice(66) < b.slice(66) ? -1 : 1);
  await Deno.writeTextFile(path, lines.join("\n") + "\n");
}
