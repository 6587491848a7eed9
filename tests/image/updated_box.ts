/** What the tests of updates ask a box. */
import assert from "node:assert/strict";
import { artifacts } from "./tested_image.ts";
import { Machine } from "./machine.ts";
import { runningSystem } from "./running_system.ts";
import { startedBox } from "./started_box.ts";
import { eventually } from "./wait.ts";

const MINUTES = 60_000;
/** The update that the box was started with. */
export const UPDATE = "/dev/disk/by-id/virtio-update";

/** How long a restart took, in seconds. */
export interface Restart {
  /** From the question until the house did not answer any more. */
  installSeconds: number;
  /** From there until it answered again. */
  downSeconds: number;
  /** Of these, until the machine was reset: what ran is stopped, and what was written is synced. */
  stopSeconds: number;
  /** Of all until nothing was undecided. */
  allSeconds: number;
}

/** A box that is updated. */
export class UpdatedBox implements AsyncDisposable {
  private constructor(readonly machine: Machine) {}

  /**
   * A box that has started, which finds the file `update` at {@linkcode UPDATE}.
   *
   * @param folder  for its disk
   */
  static async start(
    { image, name, folder, update }: Record<"image" | "name" | "folder" | "update", string>,
  ): Promise<UpdatedBox> {
    const machine = await Machine.start({
      ...await startedBox(image, folder),
      name,
      drives: { update },
      reboots: true,
      watchdog: true,
    }, artifacts);
    try {
      await machine.sshReady();
      await machine.ready();
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
    return new UpdatedBox(machine);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]();
  }

  /** `gamelan update --status` */
  // deno-lint-ignore no-explicit-any
  async status(): Promise<any> {
    return JSON.parse(await this.machine.output("gamelan update --status --json"));
  }

  /** Whether this version has proved itself, and nothing is undecided any more. */
  async isSettled(wanted: string): Promise<boolean> {
    const { version, blessed, pending } = await runningSystem(this.machine);
    return version === wanted && blessed && !pending;
  }

  /** Throws where another version runs, or this one is on trial. */
  async runs(version: string): Promise<void> {
    assert.deepEqual(await runningSystem(this.machine), { version, blessed: true, pending: false });
    const { current } = (await this.status()).slots;
    assert.deepEqual([current.version, current.blessed], [version, true]);
  }

  /** Does what restarts the box, and waits until `version` has proved itself there. */
  async restart(ask: () => Promise<unknown>, version: string): Promise<Restart> {
    const began = performance.now();
    const resets = this.machine.count("RESET");
    const said = ask().catch(String);
    let gone = began;
    await eventually("the machine to restart", async () => {
      if (await this.machine.answers()) gone = performance.now();
      return this.machine.count("RESET") > resets;
    }, { withinMs: 15 * MINUTES, everyMs: 1000 });
    const reset = performance.now();
    await this.machine.ready();
    const back = performance.now();
    // It may restart again.
    await eventually("the end of it", () => this.isSettled(version), {
      withinMs: 20 * MINUTES,
      everyMs: 10_000,
    });
    console.log(await said);
    const seconds = (ms: number) => Math.round(ms / 100) / 10;
    return {
      installSeconds: seconds(gone - began),
      downSeconds: seconds(back - gone),
      stopSeconds: seconds(reset - gone),
      allSeconds: seconds(performance.now() - began),
    };
  }
}
