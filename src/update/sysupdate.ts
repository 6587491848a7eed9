/**
 * The appliance's slots, replaced by systemd-sysupdate as systemd/sysupdate.d says: two pairs of
 * partitions (verity and root), each named after the version it holds, and a kernel for each on the
 * EFI system partition. A slot without a kernel cannot be booted, so the kernel comes last and goes
 * first.
 */
import { join } from "node:path";
import { parseExtension, placeExtension, readExtensions } from "./extensions.ts";
import { blessKernel, condemnKernel, type Kernel, readKernels } from "./kernels.ts";
import { emptyPartition, readSlotPartitions, type SlotPartition } from "./partition_table.ts";
import type { Programs } from "./programs.ts";
import type { BundleManifest } from "./manifest.ts";
import { BundleRefused } from "./refused.ts";
import type { Slot, Slots, Updater } from "./updater.ts";
import type { VerifiedBundle } from "./verify.ts";
import { compareVersions, type SystemVersion } from "./version.ts";

/** Beside the extensions while they are tried (image/mkosi.extra/usr/lib/box/may-extend). */
const TRIAL = ".trial";

export interface SysupdateOptions {
  product: string;
  /** The version that runs: os-release's IMAGE_VERSION. */
  version: SystemVersion;
  /** The disk with the slots, such as `/dev/vda`. */
  disk: string;
  /** The folder of kernels, such as `/efi/EFI/Linux`. */
  kernels: string;
  /** Where system extensions lie: `/var/lib/extensions`. */
  extensions: string;
  /** Where those that systemd has merged say so: `/usr/lib/extension-release.d`. */
  merged: string;
  /** What the transfers read, made a link to the bundle: `/run/gamelan-update/bundle`. */
  source: string;
  programs: Programs;
}

export class SysupdateUpdater implements Updater {
  constructor(readonly options: SysupdateOptions) {}

  async slots(): Promise<Slots> {
    const { version } = this.options;
    const [pairs, kernels] = await Promise.all([this.#pairs(), this.#kernels()]);
    const index = pairs.findIndex(({ root }) => root.label === this.#label(version));
    if (index < 0) {
      throw new Error(
        `expected a partition ${this.#label(version)} on ${this.options.disk}, found ` +
          pairs.map(({ root }) => root.label).join(", "),
      );
    }
    const slots = pairs.map(({ root, verity }, at): Slot => {
      const held = kernels.find((kernel) => root.label === this.#label(kernel.version));
      const complete = held && verity.label === `${root.label}_verity`;
      return {
        name: "ab"[at],
        version: complete ? held.version : undefined,
        blessed: complete ? held.triesLeft === undefined : false,
      };
    });
    const current = slots[index];
    return { current: { ...current, version }, other: slots[1 - index] };
  }

  async verify({ manifest }: VerifiedBundle): Promise<void> {
    await this.#verifyExtensions(manifest);
    if (manifest.extendsSystem) return;
    const pairs = await this.#pairs();
    const prefix = `${this.options.product}_${manifest.version}`;
    const needed = [
      { what: "root", name: /^\.root-x86-64\.[0-9a-f-]{32,36}\.raw$/, pair: "root" as const },
      {
        what: "verity",
        name: /^\.root-x86-64-verity\.[0-9a-f-]{32,36}\.raw$/,
        pair: "verity" as const,
      },
      { what: "kernel", name: /^\.efi$/ },
    ];
    for (const { what, name, pair } of needed) {
      const found = manifest.files.filter((file) =>
        file.name.startsWith(prefix) && name.test(file.name.slice(prefix.length))
      );
      if (found.length !== 1) {
        throw new BundleRefused(
          "malformed",
          `The bundle holds ${found.length} files for the ${what} of ${prefix}; expected one`,
        );
      }
      const room = pair && Math.min(...pairs.map((slot) => slot[pair].bytes));
      if (room !== undefined && found[0].bytes > room) {
        throw new BundleRefused(
          "malformed",
          `${found[0].name} has ${found[0].bytes} bytes; the slots here hold ${room}`,
        );
      }
    }
  }

  async #verifyExtensions({ files, version, extendsSystem }: BundleManifest): Promise<void> {
    const { extensions, product } = this.options;
    const brought = files.flatMap(({ name }) => parseExtension(name, product) ?? []);
    const wrong = brought.find((one) => one.version !== version);
    if (wrong !== undefined || extendsSystem && brought.length !== files.length) {
      throw new BundleRefused(
        "malformed",
        `The bundle holds ${wrong?.file ?? "more than extensions"}, but is for ${version}`,
      );
    }
    if (extendsSystem) return;
    const used = (await readExtensions(extensions, product))
      .filter((one) => one.version === this.options.version);
    const lost = used.find(({ name }) => !brought.some((one) => one.name === name));
    if (lost === undefined) return;
    throw new BundleRefused(
      "wrong-machine",
      `This machine uses the extension ${lost.name}, of which the bundle has none for ${version}; ` +
        `use an update that was built with it, or remove ${join(extensions, lost.file)}`,
    );
  }

  async runningFile(name: string): Promise<string | undefined> {
    const { product, kernels, version, extensions } = this.options;
    const extension = parseExtension(name, product);
    if (extension?.version === version) {
      const path = join(extensions, name);
      return await Deno.stat(path).then(() => path, () => undefined);
    }
    const stem = `${product}_${version}`;
    if (!name.startsWith(stem)) return undefined;
    const rest = name.slice(stem.length);
    if (rest === ".efi") {
      const own = (await this.#kernels()).find((kernel) => kernel.version === version);
      return own && join(kernels, own.name);
    }
    const uuid = /^\.root-x86-64(?:-verity)?\.([0-9a-f]{32})\.raw$/.exec(rest)?.[1];
    if (uuid === undefined) return undefined;
    const slot = (await this.#pairs()).find(({ root }) => root.label === this.#label(version));
    // A partition's id is a half of its system's root hash, so the same id means the same content.
    return [slot?.root, slot?.verity].find((part) => part?.uuid === uuid)?.node;
  }

  async install({ folder, manifest }: VerifiedBundle): Promise<void> {
    const { source, programs } = this.options;
    await this.#clearOther();
    // They must be there before the kernel, which comes last.
    await this.#placeExtensions(folder, manifest);
    await Deno.mkdir(join(source, ".."), { recursive: true, mode: 0o700 });
    await Deno.remove(source).catch(() => {});
    await Deno.symlink(folder, source);
    try {
      await programs.output("/usr/lib/systemd/systemd-sysupdate", [
        "--verify=no",
        "update",
        manifest.version,
      ]);
      // The boot loader's own partition has no journal: what is not written now may be lost.
      await programs.output("sync", []);
    } finally {
      await Deno.remove(source);
    }
    const { other } = await this.slots();
    if (other.version !== manifest.version) {
      throw new Error(
        `systemd-sysupdate was to install ${manifest.version}, but the other slot holds ` +
          (other.version ?? "nothing"),
      );
    }
  }

  async #placeExtensions(folder: string, { files }: BundleManifest): Promise<void> {
    const { extensions, product, programs } = this.options;
    const names = files.map(({ name }) => name).filter((name) => parseExtension(name, product));
    for (const name of names) await placeExtension(folder, name, extensions);
    if (names.length > 0) await programs.output("sync", []);
  }

  async extend({ folder, manifest }: VerifiedBundle): Promise<void> {
    const { extensions } = this.options;
    // may-extend counts the starts there, and makes the third without them.
    await Deno.mkdir(extensions, { recursive: true });
    await Deno.writeTextFile(join(extensions, TRIAL), "0\n");
    await this.#placeExtensions(folder, manifest);
  }

  async isExtended(files: string[]): Promise<boolean> {
    for (const file of files) {
      const said = join(this.options.merged, `extension-release.${file.replace(/\.raw$/, "")}`);
      if (!await Deno.stat(said).then(() => true, () => false)) return false;
    }
    return true;
  }

  async withdraw(files: string[]): Promise<void> {
    const { extensions, programs } = this.options;
    for (const name of [...files, TRIAL]) {
      await Deno.remove(join(extensions, name)).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
    await programs.output("sync", []);
  }

  async requestReboot(): Promise<void> {
    // From a unit of its own: this process and its SSH session are to end in good order.
    await this.options.programs.output("systemd-run", [
      ...["--quiet", "--collect", "--on-active=2", "--timer-property=AccuracySec=100ms"],
      ...["systemctl", "reboot"],
    ]);
  }

  async markGood(): Promise<void> {
    const { product, kernels, version, extensions } = this.options;
    const own = (await this.#kernels()).find((kernel) => kernel.version === version);
    if (own === undefined) throw new Error(`expected a kernel ${product}_${version} in ${kernels}`);
    await blessKernel(kernels, product, own);
    await Deno.remove(join(extensions, TRIAL)).catch(() => {});
  }

  async discard(version: SystemVersion): Promise<void> {
    const { other } = await this.slots();
    if (other.version === version) await this.#takeBack(version, await this.#kernels());
  }

  /**
   * Empties the other slot, which holds `version`, where the boot loader would still start that. Of one
   * without tries left it starts nothing; what is in the slot then says what failed.
   */
  async #takeBack(version: SystemVersion, present: Kernel[]): Promise<boolean> {
    if (present.find((kernel) => kernel.version === version)?.triesLeft === 0) return false;
    await this.#clearOther();
    return true;
  }

  async rollback(): Promise<SystemVersion> {
    const { product, kernels, version } = this.options;
    const { other } = await this.slots();
    const present = await this.#kernels();
    const waiting = other.version !== undefined && compareVersions(other.version, version) > 0;
    if (waiting && await this.#takeBack(other.version!, present)) return version;
    if (other.version === undefined || !other.blessed) {
      const holds = other.version === undefined
        ? "nothing"
        : `${other.version}, which did not prove itself`;
      throw new Error(`There is nothing to go back to: the other slot holds ${holds}`);
    }
    for (const kernel of present) {
      if (kernel.version !== other.version) await condemnKernel(kernels, product, kernel);
    }
    return other.version;
  }

  /** Takes from the other slot what is in it, its kernel first and its extensions last. */
  async #clearOther(): Promise<void> {
    const { disk, kernels, version, programs, extensions, product } = this.options;
    for (const kernel of await this.#kernels()) {
      if (kernel.version !== version) await Deno.remove(join(kernels, kernel.name));
    }
    await programs.output("sync", []);
    for (const { root, verity } of await this.#pairs()) {
      if (root.label === this.#label(version)) continue;
      for (const { number, label } of [root, verity]) {
        if (label !== "_empty") await emptyPartition(disk, number, programs);
      }
    }
    for (const extension of await readExtensions(extensions, product)) {
      if (extension.version !== version) await Deno.remove(join(extensions, extension.file));
    }
  }

  #kernels(): Promise<Kernel[]> {
    return readKernels(this.options.kernels, this.options.product);
  }

  #label(version: SystemVersion): string {
    return `${this.options.product}_${version}`;
  }

  /** Root and verity partitions that belong together: those that are next to each other. */
  async #pairs(): Promise<Record<"root" | "verity", SlotPartition>[]> {
    const { disk, programs } = this.options;
    const partitions = await readSlotPartitions(disk, programs);
    const roots = partitions.filter(({ kind }) => kind === "root");
    const verities = partitions.filter(({ kind }) => kind === "verity");
    if (roots.length !== 2 || verities.length !== 2) {
      throw new Error(
        `expected two root and two verity partitions on ${disk}, found ${roots.length} and ` +
          `${verities.length}: is this Gamelan's disk?`,
      );
    }
    return roots.map((root, index) => ({ root, verity: verities[index] }));
  }
}
