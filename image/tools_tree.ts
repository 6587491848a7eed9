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

/**
 * A folder with Debian 13's build tools, made in `build` where it is not there yet (one minute).
 * Works as root and, by user namespaces, as a user.
 *
 * @throws with the last lines of what mmdebstrap said
 */
export async function ensureToolsTree(build: string, mirrors: Mirrors): Promise<string> {
  const key = createHash("sha256").update(JSON.stringify([TOOLS, LEFT_OUT])).digest("hex");
  const folder = join(build, `tools-${key.slice(0, 8)}`);
  if (await Deno.stat(folder).then(() => true, () => false)) return folder;
  console.error("Unpacking Debian 13's build tools (once) …");
  await forgetOlder(build);
  const tar = join(build, "tools.tar");
  const unfinished = join(build, "tools.new");
  await Deno.remove(unfinished, { recursive: true }).catch(() => {});
  await Deno.mkdir(unfinished, { recursive: true });
  const sources = await Deno.makeTempFile({ suffix: ".sources" });
  await Deno.writeTextFile(sources, aptSources(mirrors, "main"));
  await run([
    "mmdebstrap",
    "--quiet",
    "--variant=important",
    '--aptopt=APT::Install-Recommends "false"',
    '--aptopt=Acquire::Languages "none"',
    ...LEFT_OUT.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--include=${TOOLS.join(",")}`,
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

async function forgetOlder(build: string): Promise<void> {
  for await (const { name } of Deno.readDir(build)) {
    if (/^tools-[0-9a-f]{8}$/.test(name)) {
      await Deno.remove(join(build, name), { recursive: true });
    }
  }
}
