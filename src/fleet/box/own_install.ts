/**
 * Installs an update that the box took in by itself (own_update.ts), and restarts the machine into it:
 * when nobody plays, or now with a warning.
 */
import { Box } from "./box.ts";
import type { BoxHost } from "./host.ts";
import { CONFIRM_SECONDS, isInstalled } from "./own_update.ts";
import { countDown, WARNING_SECONDS } from "./players.ts";
import type { Applied, OwnUpdate } from "./protocol.ts";
import { refusalOf } from "./refused.ts";
import { BoxState } from "./state.ts";

const LOOK_SECONDS = 10;
/** A start of the machine needs so long to decide about what was installed before it, seconds. */
const DECIDED_SECONDS = 60;

/** Called with each step, in words. */
export type Say = (text: string) => void;

/**
 * What {@linkcode install} came to: the machine restarts; it waits until nobody plays; or nothing is
 * left to do, because another update took its place, it was given up, or a start of the machine has
 * decided about it.
 */
export type Installed = "restarts" | "waits" | "settled";

/**
 * Installs an update and restarts the machine into it, as far as players let it. One that is to wait
 * until nobody plays asks before both: installing takes minutes, in which somebody may have begun.
 *
 * @throws BoxRefused, BundleRefused; the machine is then as it was, and the reason is kept
 */
export async function install(host: BoxHost, update: OwnUpdate, say: Say): Promise<Installed> {
  return await new Installation(host, update, say).run();
}

/**
 * Goes on with what waits until the machine restarts or nothing waits any more: what
 * gamelan-update.service does, also at the start of the machine.
 *
 * @throws BoxRefused, BundleRefused; the machine is then as it was, and the reason is kept
 */
export async function installWaiting(host: BoxHost, say: Say): Promise<void> {
  const state = new BoxState(host.dataDir);
  const first = state.ownUpdate;
  if (first !== undefined && isInstalled(state, first)) {
    await host.disarmReturn();
    // Maybe the power went while it waited for the restart. Then this start was that one, and what came
    // of it is being found out (box-return.service): another one would be for nothing.
    await host.sleep(DECIDED_SECONDS);
  }
  let waits = false;
  for (;;) {
    // Each time anew: it may have been given up, told not to wait, or replaced.
    const update = state.ownUpdate;
    if (update === undefined || update.phase === "failed") return;
    const came = await install(host, update, say);
    if (came === "restarts") return;
    if (came === "waits") {
      if (!waits) say("Waiting until nobody plays");
      await host.sleep(LOOK_SECONDS);
    }
    waits = came === "waits";
  }
}

/** One look at an update. */
class Installation {
  readonly #state: BoxState;
  readonly #update: Omit<OwnUpdate, "phase" | "detail">;
  #restarts = false;

  constructor(readonly host: BoxHost, update: OwnUpdate, readonly say: Say) {
    const { id, version, extension, when } = update;
    this.#update = { id, version, extension, when };
    this.#state = new BoxState(host.dataDir);
  }

  async run(): Promise<Installed> {
    // Without the lock: it may wait for hours, in which other updates may be brought.
    if (await this.#progress() !== "settled" && await this.#mustWait()) return this.#wait();
    return await this.#state.updating(async () => {
      if (this.#isGivenUp()) return "settled";
      try {
        return await this.#goOn();
      } catch (error) {
        // Who gave it up meanwhile has taken its files away.
        if (!this.#restarts && this.#isGivenUp()) return "settled";
        const { message } = refusalOf(error);
        this.#note({ phase: "failed", detail: message });
        this.#state.unstage(this.#update.id);
        throw error;
      }
    }, () => this.say("Another update is at work here; this one goes on after it"));
  }

  async #goOn(): Promise<Installed> {
    const { id, version } = this.#update;
    const progress = await this.#progress();
    if (progress === "settled") {
      this.#state.ownUpdate = undefined;
      return "settled";
    }
    const detail = progress === "staged" ? await this.#install() : `${version} is installed`;
    if (this.#isGivenUp()) return "settled";
    if (await this.#mustWait()) {
      this.say(detail);
      // However long this takes is no reason to take it back.
      await this.host.disarmReturn();
      return this.#wait();
    }
    if (this.#update.when === "now" && await this.#players() > 0) await this.#warn();
    if (this.#isGivenUp()) return "settled";
    // The one that was set when it was installed has been stopped while it waited.
    if (progress === "installed") await this.host.armReturn(id, CONFIRM_SECONDS);
    this.say(`${detail}; restarting`);
    this.#restarts = true;
    this.#state.ownUpdate = undefined;
    await this.host.updater!.requestReboot();
    return "restarts";
  }

  async #install(): Promise<string> {
    const { id, version } = this.#update;
    this.#note({ phase: "installing" });
    this.say(`Checking and installing ${version}`);
    let detail = "";
    const answered = (applied: Applied) => Promise.resolve(void (detail = applied.detail));
    await new Box(this.host).apply(id, answered);
    // They are in the slot. Where they are gone it is not installed a second time.
    this.#state.unstage(id);
    return detail;
  }

  async #warn(): Promise<void> {
    const { version } = this.#update;
    this.say(`${version} is ready; the games are ended in ${WARNING_SECONDS} s`);
    await countDown(this.host, this.#state, version);
  }

  #wait(): "waits" {
    const { ownUpdate } = this.#state;
    const isNoted = ownUpdate?.id !== this.#update.id || ownUpdate.phase === "waiting";
    if (!isNoted) this.#note({ phase: "waiting" });
    return "waits";
  }

  /**
   * `staged`: its files wait. `installed`: it is in its slot. `settled`: the power went, it has been
   * started, and its test decides or has decided.
   */
  async #progress(): Promise<"staged" | "installed" | "settled"> {
    const { id, version, extension } = this.#update;
    const { pending, lastUpdate } = this.#state;
    const updater = this.host.updater!;
    const { current } = await updater.slots();
    if (current.version === version && !extension) return "settled";
    if (isInstalled(this.#state, this.#update)) {
      const runs = extension && await updater.isExtended(pending!.bundle?.extensions ?? []);
      return runs ? "settled" : "installed";
    }
    // One that was taken back must not be installed again and again.
    const isDecided = this.#state.request(id) === undefined && lastUpdate?.version === version;
    return isDecided ? "settled" : "staged";
  }

  async #players(): Promise<number> {
    return (await this.host.health(false)).sessions;
  }

  async #mustWait(): Promise<boolean> {
    return this.#update.when === "idle" && await this.#players() > 0;
  }

  #isGivenUp(): boolean {
    const { id, version } = this.#update;
    if (this.#state.ownUpdate?.id === id) return false;
    this.say(`${version} waits no longer`);
    return true;
  }

  #note(next: Pick<OwnUpdate, "phase" | "detail">): void {
    this.#state.ownUpdate = { ...this.#update, ...next };
  }
}
