import assert from "node:assert/strict";
import type { HostReport } from "../../src/fleet/push/push.ts";
import { CuttingRelay } from "./cutting_relay.ts";
import type { SimulatedBox, SimulatedFleet } from "./simulated_fleet.ts";

const BUNDLE_BYTES = 2_000_000;
const SOUND = "sound";

/** One fault of each kind, on the last eight boxes of a fleet. */
export class Faults implements AsyncDisposable {
  static readonly bundleBytes = BUNDLE_BYTES;
  /** All other boxes carry it. */
  static readonly soundTag = SOUND;
  readonly #relays: CuttingRelay[] = [];

  private constructor(readonly fleet: SimulatedFleet, readonly boxes: SimulatedBox[]) {}

  static async inject(fleet: SimulatedFleet): Promise<Faults> {
    const boxes = fleet.boxes.slice(-8);
    const faults = new Faults(fleet, boxes);
    const [full, cut, dead, confused, stuck, old, renewed, off] = boxes;
    // The bundle and what is to be left beside it are more.
    await fleet.shrinkDisk(full, 9 * 2 ** 20);
    const ports: Record<string, number> = {};
    for (const box of [cut, dead]) {
      const relay = new CuttingRelay(box.port);
      faults.#relays.push(relay);
      // Log-in and small talk first; somewhere in the large file then.
      const at = 60_000 + Math.floor(Math.random() * (BUNDLE_BYTES - 120_000));
      relay.cutAfter(at, { forGood: box === dead });
      ports[box.name] = relay.port;
    }
    await confused.confuseSlots();
    stuck.stuck = true;
    old.setup = { clock: "1970-01-01T00:00:09Z" };
    await renewed.changeHostKey();
    await off.stopSshd();
    const sound = fleet.boxes.length - boxes.length;
    fleet.writeInventory(ports, (number) => number <= sound ? [SOUND] : []);
    return faults;
  }

  /** @param reports  what a push came to, box by box */
  assertOutcomes(reports: HostReport[]): void {
    assert.deepEqual(reports.map(({ host }) => host), this.boxes.map(({ name }) => name));
    const [full, cut, dead, confused, stuck, old, renewed, off] = reports;
    const failed = (report: HostReport, reasons: string[], detail: RegExp) => {
      assert.equal(report.outcome, "failed", `${report.host}: ${report.detail}`);
      assert.ok(reasons.includes(report.reason!), `${report.host}: ${report.reason}`);
      assert.match(report.detail, detail);
    };
    failed(full, ["disk-full"], /disk has \d+ MB free; \d+ MB are needed: remove games/);
    assert.equal(cut.outcome, "done", cut.detail);
    assert.equal(this.#relays[0].cuts, 1);
    failed(dead, ["unreachable", "broken"], /^box-\d+ \(127\.0\.0\.1 port \d+\): /);
    assert.ok(this.#relays[1].cuts > 1);
    failed(confused, ["wrong-slot"], /slot a both runs and is free; nothing was written/);
    failed(stuck, ["returned"], /1\.2\.0 was taken back: it did not start/);
    assert.equal(old.outcome, "done", old.detail);
    assert.match(this.boxes[5].journal().at(-1)!.at, /^1970-01-01T00:00:/);
    failed(renewed, ["host-key"], /another host key than the one pinned/);
    failed(off, ["unreachable"], /Connection refused/);
  }

  async mend(): Promise<void> {
    const [full, , , confused, stuck, old, renewed, off] = this.boxes;
    await this.fleet.mendDisk(full);
    await confused.mendSlots();
    stuck.stuck = false;
    old.setup = { clock: undefined };
    for (const verb of ["forget", "pin"]) {
      const { code, stdout } = await this.fleet.fleet("keys", verb, "--on", renewed.name);
      assert.equal(code, 0, stdout);
    }
    await off.startSshd();
    this.fleet.writeInventory();
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const relay of this.#relays) relay[Symbol.dispose]();
    return Promise.resolve();
  }
}
