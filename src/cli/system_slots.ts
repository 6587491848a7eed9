import { basename } from "node:path";
import { SysupdateUpdater } from "../update/sysupdate.ts";
import { systemPrograms } from "../update/programs.ts";
import type { ExtendedSystem } from "../update/probe.ts";
import type { Updater } from "../update/updater.ts";
import { SystemVersion } from "../update/version.ts";

/** The appliance's data partition; the slots are on the same disk (systemd/repart.d). */
const DATA = "/dev/disk/by-partlabel/gamelan-data";
/** System extensions, and what systemd has merged of them: systemd-sysext(8). */
const EXTENSIONS = "/var/lib/extensions";
const MERGED = "/usr/lib/extension-release.d";
/** What systemd/sysupdate.d reads. */
const SOURCE = "/run/gamelan-update/bundle";

/**
 * The two system slots of this machine, or undefined where it is no appliance: its os-release(5) has no
 * IMAGE_VERSION, or there is no data partition of Gamelan's.
 *
 * @throws where it is one, but its boot partition cannot be found
 */
export function openSystemSlots(release: ReadonlyMap<string, string>): Updater | undefined {
  const version = SystemVersion.safeParse(release.get("IMAGE_VERSION"));
  const product = release.get("IMAGE_ID");
  if (!version.success || product === undefined) return undefined;
  const disk = diskOf(DATA);
  if (disk === undefined) return undefined;
  return new SysupdateUpdater({
    product,
    version: version.data,
    disk,
    kernels: `${bootPartition()}/EFI/Linux`,
    extensions: EXTENSIONS,
    merged: MERGED,
    source: SOURCE,
    programs: systemPrograms,
  });
}

/** The system extensions of this machine, or undefined where it is no appliance. */
export function systemExtensions(release: ReadonlyMap<string, string>): ExtendedSystem | undefined {
  const [product, version] = [release.get("IMAGE_ID"), release.get("IMAGE_VERSION")];
  if (product === undefined || version === undefined) return undefined;
  return { product, version, kernel: Deno.osRelease(), extensions: EXTENSIONS, merged: MERGED };
}

/** The disk that a partition is on, such as `/dev/nvme0n1` for `/dev/nvme0n1p6`. */
function diskOf(partition: string): string | undefined {
  try {
    const device = basename(Deno.realPathSync(partition));
    // A partition's folder in sysfs lies in its disk's.
    const disk = Deno.realPathSync(`/sys/class/block/${device}/..`);
    return `/dev/${basename(disk)}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Where the EFI system partition is mounted, by bootctl(1). */
function bootPartition(): string {
  const { success, stdout, stderr } = new Deno.Command("bootctl", {
    args: ["--print-boot-path"],
    stdin: "null",
  }).outputSync();
  const path = new TextDecoder().decode(stdout).trim();
  if (success && path.startsWith("/")) return path;
  const said = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
  throw new Error(`expected bootctl to name the boot partition, it said: ${said}`);
}
