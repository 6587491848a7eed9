/**
 * Test double of the Updater: two slots as folders, a boot loader as a JSON file. Signatures are
 * checked by the real code before it is asked.
 */
import { basename, join } from "node:path";
import { BundleRefused } from "../../src/update/refused.ts";
import type { Slots, Updater } from "../../src/update/updater.ts";
import type { VerifiedBundle } from "../../src/update/verify.ts";

export type SlotName = "a" | "b";
export interface Loader {
  running: SlotName;
  next: SlotName;
  blessed: Record<SlotName, boolean>;
  /** How often what was installed last may be tried before it is blessed. */
  triesLeft: number;
  /** Fault: it starts this one, whatever was asked for. */
  stuck?: SlotName;
}

const TRIES = 3;

/** What the file "image.json" of a bundle makes the simulated box do. */
export interface ImageTraits {
  /** false: the boot loader gives it up and boots the other slot. */
  boots?: boolean;
  /** false: SSH does not come up with it. */
  reachable?: boolean;
  /** What its self-test finds wrong. */
  selfTest?: string;
  latencyMs?: number;
  crashes?: number;
  /** To write it takes so long. */
  installMs?: number;
}

export class FolderUpdater implements Updater {
  constructor(readonly root: string) {}

  get loader(): Loader {
    return JSON.parse(Deno.readTextFileSync(join(this.root, "loader.json")));
  }

  set loader(loader: Loader) {
    // At once: the box and what boots it read it in other processes.
    const path = join(this.root, "loader.json");
    Deno.writeTextFileSync(`${path}.new`, JSON.stringify(loader));
    Deno.renameSync(`${path}.new`, path);
  }

  static create(root: string, version: string, traits: ImageTraits = {}): FolderUpdater {
    for (const slot of ["a", "b"]) Deno.mkdirSync(join(root, "slots", slot), { recursive: true });
    Deno.writeTextFileSync(join(root, "slots/a/version"), version);
    Deno.writeTextFileSync(join(root, "slots/a/image.json"), JSON.stringify(traits));
    const updater = new FolderUpdater(root);
    updater.loader = { running: "a", next: "a", blessed: { a: true, b: false }, triesLeft: 0 };
    return updater;
  }

  traits(slot = this.loader.running): ImageTraits {
    return JSON.parse(Deno.readTextFileSync(join(this.root, "slots", slot, "image.json")));
  }

  slots(): Promise<Slots> {
    const { running, blessed } = this.loader;
    const other = running === "a" ? "b" : "a";
    const version = (slot: SlotName) => {
      try {
        return Deno.readTextFileSync(join(this.root, "slots", slot, "version"));
      } catch {
        return undefined;
      }
    };
    return Promise.resolve({
      current: { name: running, version: version(running)!, blessed: blessed[running] },
      other: {
        // By what is on the disk, where both may be the same.
        name: basename(Deno.realPathSync(join(this.root, "slots", other))),
        version: version(other),
        blessed: blessed[other],
      },
    });
  }

  verify({ manifest }: VerifiedBundle): Promise<void> {
    if (manifest.extendsSystem || manifest.files.some(({ name }) => name === "image.json")) {
      return Promise.resolve();
    }
    return Promise.reject(new BundleRefused("malformed", "The bundle lacks image.json"));
  }

  runningFile(name: string): Promise<string | undefined> {
    const path = join(this.root, "slots", this.loader.running, name);
    return Deno.stat(path).then(() => path, () => undefined);
  }

  async install({ folder, manifest }: VerifiedBundle): Promise<void> {
    const { installMs = 0 }: ImageTraits = JSON.parse(
      await Deno.readTextFile(join(folder, "image.json")),
    );
    await new Promise((done) => setTimeout(done, installMs));
    const { running, blessed, stuck } = this.loader;
    const other = running === "a" ? "b" : "a";
    const slot = join(this.root, "slots", other);
    await Deno.remove(slot, { recursive: true });
    await Deno.mkdir(slot);
    for (const { name } of manifest.files) {
      await Deno.copyFile(join(folder, name), join(slot, name));
    }
    await Deno.writeTextFile(join(slot, "version"), manifest.version);
    this.loader = {
      running,
      next: other,
      blessed: { ...blessed, [other]: false },
      triesLeft: TRIES,
      stuck,
    };
  }

  /** Extensions lie in "extensions"; the double uses them from the next start on. */
  async extend({ folder, manifest }: VerifiedBundle): Promise<void> {
    const target = join(this.root, "extensions");
    await Deno.mkdir(target, { recursive: true });
    for (const { name } of manifest.files) {
      await Deno.copyFile(join(folder, name), join(target, name));
    }
  }

  isExtended(files: string[]): Promise<boolean> {
    const used = this.used;
    return Promise.resolve(files.every((file) => used.includes(file)));
  }

  async withdraw(files: string[]): Promise<void> {
    for (const file of files) await Deno.remove(join(this.root, "extensions", file));
  }

  /** Extensions that the running system has merged. */
  get used(): string[] {
    try {
      return JSON.parse(Deno.readTextFileSync(join(this.root, "used.json")));
    } catch {
      return [];
    }
  }

  /** The fleet's harness sees the file and boots the box. */
  async requestReboot(): Promise<void> {
    await Deno.writeTextFile(join(this.root, "reboot"), "");
  }

  markGood(): Promise<void> {
    const { running, blessed } = this.loader;
    this.loader = { ...this.loader, blessed: { ...blessed, [running]: true } };
    return Promise.resolve();
  }

  async discard(version: string): Promise<void> {
    const { running } = this.loader;
    const held = await this.#versionIn(running === "a" ? "b" : "a");
    if (held === version) this.loader = { ...this.loader, next: running };
  }

  /** As the appliance's: it takes back what waits, else there is a proven system to go back to. */
  async rollback(): Promise<string> {
    const { running, blessed, next: waiting } = this.loader;
    const other = running === "a" ? "b" : "a";
    const next = waiting === running ? other : running;
    if (next === other && !blessed[other]) throw new Error("There is nothing to go back to");
    this.loader = { ...this.loader, next };
    return (await this.#versionIn(next))!;
  }

  async #versionIn(slot: string): Promise<string | undefined> {
    return await Deno.readTextFile(join(this.root, "slots", slot, "version"))
      .catch(() => undefined);
  }

  /** What the boot loader does: the next slot, or the other one where that does not boot. */
  boot(): void {
    const { stuck, blessed, triesLeft, next: asked } = this.loader;
    const next = stuck ?? asked;
    const given = this.traits(next).boots === false || (!blessed[next] && triesLeft === 0);
    const booted = given ? (next === "a" ? "b" : "a") : next;
    const left = blessed[booted] ? triesLeft : triesLeft - 1;
    this.loader = { running: booted, next: booted, blessed, triesLeft: left, stuck };
    const version = Deno.readTextFileSync(join(this.root, "slots", booted, "version"));
    let extensions: string[] = [];
    try {
      extensions = [...Deno.readDirSync(join(this.root, "extensions"))].map(({ name }) => name);
    } catch {
      // It never had one.
    }
    // One that says that it is for another kernel is not merged.
    const fits = (name: string) =>
      name.endsWith(`_${version}.raw`) &&
      Deno.readTextFileSync(join(this.root, "extensions", name)) !== "other kernel";
    Deno.writeTextFileSync(join(this.root, "used.json"), JSON.stringify(extensions.filter(fits)));
    Deno.removeSync(join(this.root, "reboot"));
  }
}
