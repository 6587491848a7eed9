/**
 * Test double of an appliance's disk: a real partition table in a file, edited by the real sfdisk, and
 * a folder of kernels. systemd-sysupdate is played by this file, which does to labels and kernels what
 * systemd/sysupdate.d tells the real one to do.
 */
import { basename, join } from "node:path";
import type { Programs } from "../../src/update/programs.ts";
import { systemPrograms } from "../../src/update/programs.ts";
import { SysupdateUpdater } from "../../src/update/sysupdate.ts";
import type { VerifiedBundle } from "../../src/update/verify.ts";

const TABLE = `label: gpt
size=1MiB, type=uefi
size=1MiB, type=2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5, name="gamelan_1.0_verity"
size=4MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name="gamelan_1.0"
size=1MiB, type=2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5, name="_empty"
size=4MiB, type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name="_empty"
size=2MiB, type=linux, name="gamelan-data"
`;

export class SlotDisk {
  readonly disk: string;
  readonly kernels: string;
  readonly programs: Programs;
  /** All programs that were run. */
  readonly ran: string[] = [];
  /** Where the double stops as a power cut would: before so many steps of an installation. */
  cutAfter = Infinity;

  private constructor(readonly folder: string) {
    this.disk = join(folder, "disk");
    this.kernels = join(folder, "Linux");
    this.programs = { output: (program, args) => this.#run(program, args) };
  }

  static async create(): Promise<SlotDisk> {
    const made = new SlotDisk(await Deno.makeTempDir({ prefix: "gamelan-slots-" }));
    await Deno.mkdir(made.kernels);
    await Deno.writeFile(made.disk, new Uint8Array());
    await Deno.truncate(made.disk, 16 << 20);
    const sfdisk = new Deno.Command("/usr/sbin/sfdisk", {
      args: ["--quiet", made.disk],
      stdin: "piped",
      stdout: "null",
    }).spawn();
    const writer = sfdisk.stdin.getWriter();
    await writer.write(new TextEncoder().encode(TABLE));
    await writer.close();
    if (!(await sfdisk.status).success) throw new Error("sfdisk could not make the test's disk");
    await made.kernel("gamelan_1.0.efi");
    return made;
  }

  /** The updater of a machine on which `version` runs. */
  updater(version = "1.0"): SysupdateUpdater {
    return new SysupdateUpdater({
      product: "gamelan",
      version,
      disk: this.disk,
      kernels: this.kernels,
      extensions: this.extensions,
      merged: join(this.folder, "extension-release.d"),
      source: join(this.folder, "run/bundle"),
      programs: this.programs,
    });
  }

  async kernel(name: string): Promise<void> {
    await Deno.writeTextFile(join(this.kernels, name), "a kernel");
  }

  /** What the boot loader does with each try. */
  async boot(name: string): Promise<void> {
    const match = /^(.*)\+(\d+)(?:-(\d+))?\.efi$/.exec(name);
    if (!match) return;
    const [, stem, left, done] = match;
    const next = `${stem}+${Number(left) - 1}-${Number(done ?? 0) + 1}.efi`;
    await Deno.rename(join(this.kernels, name), join(this.kernels, next));
  }

  kernelNames(): string[] {
    return [...Deno.readDirSync(this.kernels)].map(({ name }) => name).sort();
  }

  get extensions(): string {
    return join(this.folder, "extensions");
  }

  extensionNames(): string[] {
    return [...Deno.readDirSync(this.extensions)].map(({ name }) => name).sort();
  }

  /** What systemd-sysext does with an extension that fits. */
  async merge(name: string): Promise<void> {
    const releases = join(this.folder, "extension-release.d");
    await Deno.mkdir(releases, { recursive: true });
    await Deno.writeTextFile(join(releases, `extension-release.${name}`), "ID=debian\n");
  }

  async labels(): Promise<string[]> {
    const table = JSON.parse(await systemPrograms.output("sfdisk", ["--json", this.disk]));
    return table.partitiontable.partitions.slice(1, 5).map((part: { name: string }) => part.name);
  }

  /** A bundle as it is after its check, with files of the names that mkosi gives. */
  async bundle(version: string, change: (names: string[]) => string[] = (names) => names) {
    const folder = join(this.folder, `bundle-${version}`);
    await Deno.mkdir(folder, { recursive: true });
    const uuid = "0123456789abcdef0123456789abcdef";
    const names = change([
      `gamelan_${version}.root-x86-64.${uuid}.raw`,
      `gamelan_${version}.root-x86-64-verity.${uuid}.raw`,
      `gamelan_${version}.efi`,
    ]);
    for (const name of names) await Deno.writeTextFile(join(folder, name), name);
    const files = names.map((name) => ({ name, bytes: name.length, sha256: "0".repeat(64) }));
    return { folder, manifest: { version, files } } as unknown as VerifiedBundle;
  }

  async remove(): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }

  async #run(program: string, args: string[]): Promise<string> {
    this.ran.push([basename(program), ...args].join(" "));
    if (program === "sfdisk") return await systemPrograms.output(program, args);
    if (program === "/usr/lib/systemd/systemd-sysupdate") await this.#sysupdate(args.at(-1)!);
    return "";
  }

  async #sysupdate(version: string): Promise<void> {
    const bundle = join(this.folder, "run/bundle");
    const names = [...Deno.readDirSync(bundle)].map(({ name }) => name);
    const has = (part: string) => names.some((name) => name.includes(`${version}${part}`));
    const empty = (await this.labels()).indexOf("_empty");
    if (empty < 0) throw new Error("no room");
    const label = async (number: number, name: string) => {
      await systemPrograms.output("sfdisk", ["--part-label", this.disk, String(number), name]);
    };
    const steps = [
      () => has(".root-x86-64-verity.") ? label(empty + 2, `gamelan_${version}_verity`) : undefined,
      () => has(".root-x86-64.") ? label(empty + 3, `gamelan_${version}`) : undefined,
      () => has(".efi") ? this.kernel(`gamelan_${version}+3-0.efi`) : undefined,
    ];
    for (const [index, step] of steps.entries()) {
      if (index === this.cutAfter) throw new Error("the power was cut");
      await step();
    }
  }
}
