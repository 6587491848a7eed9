import type { KeyObject } from "node:crypto";
import type { Updater } from "../../update/updater.ts";
import type { Health } from "./protocol.ts";

/** What `gamelan box` needs of the machine it runs on. */
export interface BoxHost {
  name: string;
  /** os-release's IMAGE_ID, or "gamelan" where there is none. */
  product: string;
  /** Debian's name. */
  architecture: string;
  /** Of Gamelan; the system's is the current slot's. */
  version: string;
  /** Gamelan's data directory; the box keeps its state in `box/` below it. */
  dataDir: string;
  /** Gamelan's configuration file. */
  configFile: string;
  /** SSH keys that may log in, one a line. */
  authorizedKeysFile: string;
  /** Absent: the machine has no slots. */
  updater?: Updater;
  /** The update keys that came with the image. */
  imageKeys(): Promise<KeyObject[]>;
  now(): Date;
  /** @param measure  measure the latency too, which takes seconds */
  health(measure: boolean): Promise<Health>;
  /**
   * Runs `gamelan box return ID` after so many seconds, whatever becomes of this process, its SSH
   * connection and the network. Need not survive a reboot: at each boot the machine runs
   * `gamelan box return --at-boot`.
   */
  armReturn(id: string, seconds: number): Promise<void>;
  disarmReturn(): Promise<void>;
  /** Restarts the house's service and returns when it runs or failed. */
  restartService(): Promise<void>;
  /** Imports a package file by `gamelan games import`. @returns the game's id */
  importGame(file: string): Promise<string>;
  /** SHA-256 of an imported game's package, or undefined where there is no such game. */
  gameSha256(id: string): Promise<string | undefined>;
  /** The last lines of the service's log. */
  logs(lines: number): Promise<string>;
  /**
   * Plays the Test card once and asks the house for its page, as `gamelan selftest`.
   *
   * @returns what does not work, in words for the owner; undefined: all does
   */
  selfTest(): Promise<string | undefined>;
  sleep(seconds: number): Promise<void>;
}
