import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { aptSources, type Mirrors } from "./mirrors.ts";
import { run } from "./run.ts";

/** What mkosi and the programs it calls are in Debian 13; Debian 12's are too old for this layout. */
const TOOLS = [
  ..."mkosi systemd systemd-repart systemd-ukify systemd-boot systemd-boot-efi".split(" "),
  ..."systemd-container udev kmod cpio zstd xz-utils".split(" "),
  ..."erofs-utils dosfstools mtools e2fsprogs cryptsetup-bin".split(" "),
  ..."apt ca-certificates debian-archive-keyring uidmap python3".split(" "),
];

/** Nobody reads these there. */
const LEFT_OUT = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*"];

/** Folders in which a Debian 13 tree is kept: `NAME-KEY`, other for each list of packages. */
interface TreeKind {
  name: string;
  packages: string[];
  /** mmdebstrap(1)'s: what is there besides the packages. */
  variant: "important" | "extract";
  /** Said once, while it is made. */
  making: string;
}

const TOOLS_TREE: TreeKind = {
  name: "tools",
  packages: TOOLS,
  variant: "important",
  making: "Unpacking Debian 13's build tools (once) …",
};

/** Debian 12's QEMU loses a machine now and then where two processors are interpreted. */
const EMULATOR_TREE: TreeKind = {
  name: "emulator",
  packages: ["qemu-system-x86", "ovmf"],
  variant: "extract",
  making: "Unpacking Debian 13's QEMU (once) …",
};

/**
 * A folder with Debian 13's build tools, made in `build` where it is not there yet (one minute).
 * Works as root and, by user namespaces, as a user.
 *
 * @throws with the last lines of what mmdebstrap said
 */
export function ensureToolsTree(build: string, mirrors: Mirrors): Promise<string> {
  return ensureTree(TOOLS_TREE, build, mirrors);
}

/** The same with Debian 13's QEMU and its UEFI firmware, which start with {@linkcode emulatorCommand}. */
export function ensureEmulatorTree(build: string, mirrors: Mirrors): Promise<string> {
  return ensureTree(EMULATOR_TREE, build, mirrors);
}

/** Where {@linkcode ensureEmulatorTree} puts it. */
export function emulatorTree(build: string): string {
  return treeFolder(EMULATOR_TREE, build);
}

function treeFolder({ name, variant, packages }: TreeKind, build: string): string {
  const content = JSON.stringify([variant, packages, LEFT_OUT]);
  const key = createHash("sha256").update(content).digest("hex");
  return join(build, `${name}-${key.slice(0, 8)}`);
}

async function ensureTree(kind: TreeKind, build: string, mirrors: Mirrors): Promise<string> {
  const { name, packages, variant, making } = kind;
  const folder = treeFolder(kind, build);
  if (await Deno.stat(folder).then(() => true, () => false)) return folder;
  console.error(making);
  await Deno.mkdir(build, { recursive: true });
  await forgetOlder(build, name);
  const tar = join(build, `${name}.tar`);
  const unfinished = join(build, `${name}.new`);
  await Deno.remove(unfinished, { recursive: true }).catch(() => {});
  await Deno.mkdir(unfinished, { recursive: true });
  const sources = await Deno.makeTempFile({ suffix: ".sources" });
  await Deno.writeTextFile(sources, aptSources(mirrors, "main"));
  await run([
    "mmdebstrap",
    "--quiet",
    `--variant=${variant}`,
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--include=${packages.join(",")}`,
    "trixie",
    tar,
    sources,
  ]);
  // As its owner: a user has nobody else's ids, and mkosi asks for none here.
  await run(["tar", "-C", unfinished, "--no-same-owner", "--exclude=./dev/*", "-xf", tar]);
  await Deno.remove(tar);
  await Deno.remove(sources);
  await Deno.rename(unfinished, folder);
  return folder;
}

/**
 * The command line, without arguments, by which a program of the tools tree runs on this machine,
 * whose libraries may be older.
 *
 * @param path  such as `usr/bin/kmod`
 * @param name  what it is to take itself for; default: the path's last part
 */
export function toolCommand(tools: string, path: string, name?: string): string[] {
  return [
    join(tools, "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
    ...["--library-path", join(tools, "usr/lib/x86_64-linux-gnu")],
    ...["--argv0", name ?? basename(path), join(tools, path)],
  ];
}

/**
 * The command line, without arguments, of the QEMU in the tree by {@linkcode ensureEmulatorTree}, and what
 * its environment must have. Its modules must be of its own build, and its ROMs lie in the tree.
 */
export function emulatorCommand(tree: string): { argv: string[]; env: Record<string, string> } {
  const roms = ["qemu", "seabios"].flatMap((folder) => ["-L", join(tree, "usr/share", folder)]);
  return {
    argv: [...toolCommand(tree, "usr/bin/qemu-system-x86_64"), ...roms],
    env: {
      QEMU_MODULE_DIR: join(tree, "usr/lib/x86_64-linux-gnu/qemu"),
      // Its table of what it has translated is looked into a million times a second: in huge pages that
      // costs some percent less.
      GLIBC_TUNABLES: "glibc.malloc.hugetlb=1",
    },
  };
}

async function forgetOlder(build: string, kind: string): Promise<void> {
  const older = new RegExp(`^${kind}-[0-9a-f]{8}$`);
  for await (const { name } of Deno.readDir(build)) {
    if (older.test(name)) await Deno.remove(join(build, name), { recursive: true });
  }
}
