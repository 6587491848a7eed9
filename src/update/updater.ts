import type { VerifiedBundle } from "./verify.ts";
import type { SystemVersion } from "./version.ts";

/** One of the two places where a system image lies. */
export interface Slot {
  /** Such as "a" or "b"; for people only. */
  name: string;
  /** Absent: the slot is empty, or what it holds was never finished. */
  version?: SystemVersion;
  /** Whether what it holds has proved itself; without it the boot loader counts its tries. */
  blessed: boolean;
}

export interface Slots {
  /** The slot that runs. */
  current: Slot & { version: SystemVersion };
  other: Slot;
}

/**
 * Replaces the system image, which lies twice on the disk: the one that runs is never written to.
 *
 * The caller holds a lock, so that no two methods run at the same time, in this process or another.
 * A power cut may come at any moment in any of them and must leave a machine that boots.
 */
export interface Updater {
  slots(): Promise<Slots>;

  /**
   * Whether this bundle, whose signature and content were checked already, can be installed here:
   * it has the files that the slots need, and none is larger than its partition.
   *
   * @throws BundleRefused
   */
  verify(bundle: VerifiedBundle): Promise<void>;

  /**
   * Where the running system has what was the file `name` of its bundle, or undefined where it runs
   * another one. What is behind the file's end there is not of the file.
   */
  runningFile(name: string): Promise<string | undefined>;

  /**
   * Writes the bundle to the other slot and makes that the one to boot next, with a number of tries.
   * Replaces what an earlier, broken-off call left.
   *
   * @throws where it cannot be written; the next boot is then as it was before
   */
  install(bundle: VerifiedBundle): Promise<void>;

  /**
   * Adds the extensions of a bundle that holds nothing else to the system that runs, from its next start
   * on. Where that is not followed by {@linkcode markGood}, the third start is made without them.
   */
  extend(bundle: VerifiedBundle): Promise<void>;

  /** Whether the running system has these extensions, by their files' names, and uses them. */
  isExtended(files: string[]): Promise<boolean>;

  /** Takes back what {@linkcode extend} did; what runs uses them until it ends. */
  withdraw(files: string[]): Promise<void>;

  /** Asks for a reboot and returns before it happens, so that an answer can still be sent. */
  requestReboot(): Promise<void>;

  /** Blesses the slot that runs: its tries are counted no longer. Does nothing where it is blessed. */
  markGood(): Promise<void>;

  /**
   * Takes care that `version`, which does not run, is not booted any more: it was never booted, or the
   * boot loader has given it up. Does nothing where no slot holds it.
   */
  discard(version: SystemVersion): Promise<void>;

  /**
   * Makes the other slot the one to boot next, for good, if it holds a blessed system; where a new
   * image was installed but does not run yet, makes the running slot the next one again. Does not
   * reboot.
   *
   * @returns the version that will run next
   * @throws where there is nothing to go back to
   */
  rollback(): Promise<SystemVersion>;
}
