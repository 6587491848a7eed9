/** The machine under a house that has one for itself (image/): what its owner sets from the page. */
import type { NetworkState, SshKey, WiredChanged, WiredSetting } from "../protocol/machine.ts";
import { logger } from "../system/log.ts";
import { Refusal } from "../system/refusal.ts";
import { output, SystemFailure } from "./command.ts";
import { networkInterfaces } from "./interfaces.ts";
import { Iwd } from "./iwd.ts";
import { SshKeys } from "./ssh_keys.ts";
import { addressProblem, WIRED_PLACES, WiredSettings } from "./wired.ts";

const log = logger("machine");
/** The page still gets its answer. */
const ANSWER_MS = 1_000;
const RESET_UNIT = "box-factory-reset.service";

/** Where things are; tests have their own. */
export interface AppliancePlaces {
  sysfs?: string;
  iwd?: string;
  wired?: typeof WIRED_PLACES;
  authorizedKeys?: string;
  /** How long a change of the wired network is tried, ms. */
  trialMs?: number;
  /** How long after the request for a factory reset the machine restarts, ms. */
  answerMs?: number;
}

export class ApplianceMachine {
  readonly #iwd: Iwd;
  readonly #wired: WiredSettings;
  readonly #keys: SshKeys;

  constructor(private readonly places: AppliancePlaces = {}) {
    this.#iwd = new Iwd(places.iwd);
    this.#wired = new WiredSettings(places.wired, places.trialMs);
    this.#keys = new SshKeys(places.authorizedKeys);
  }

  /** Takes back what was on trial when the house was last stopped. */
  settle(): Promise<void> {
    return this.#wired.settle();
  }

  close(): Promise<void> {
    return this.#wired.close();
  }

  async network(): Promise<NetworkState> {
    const [interfaces, wifi] = await Promise.all([
      networkInterfaces(this.places.sysfs),
      this.#iwd.state(),
    ]);
    return {
      interfaces: interfaces.map((one) => ({
        ...one,
        setting: one.kind === "wired" ? this.#wired.setting(one.name) : null,
      })),
      wifi,
      pending: this.#wired.pending,
    };
  }

  scanWifi(): Promise<void> {
    return this.#iwd.scan();
  }

  connectWifi(ssid: string, passphrase?: string): Promise<void> {
    return this.#iwd.connect(ssid, passphrase);
  }

  forgetWifi(ssid: string, security: string): Promise<void> {
    return this.#iwd.forget(ssid, security);
  }

  async changeWired(name: string, setting: WiredSetting): Promise<WiredChanged> {
    const interfaces = await networkInterfaces(this.places.sysfs);
    const known = interfaces.filter(({ kind }) => kind === "wired").map((one) => one.name);
    if (!known.includes(name)) {
      throw new Refusal(
        `There is no wired interface ${name}; there is ${known.join(", ") || "none"}.`,
      );
    }
    const problem = addressProblem(setting);
    if (problem) throw new Refusal(`That cannot work: ${problem}.`);
    try {
      const { until, token } = await this.#wired.try(name, setting);
      return { until, token, address: setting.method === "fixed" ? setting.address : null };
    } catch (error) {
      if (!(error instanceof SystemFailure)) throw error;
      throw new Refusal("The network did not take the change; all is as before.", { cause: error });
    }
  }

  keepWired(token: string): boolean {
    return this.#wired.keep(token);
  }

  sshKeys(): SshKey[] {
    return this.#keys.list();
  }

  addSshKey(key: string): SshKey {
    return this.#keys.add(key);
  }

  removeSshKey(fingerprint: string): boolean {
    return this.#keys.remove(fingerprint);
  }

  async factoryReset(): Promise<void> {
    try {
      await output("systemctl", ["start", RESET_UNIT], 30_000);
    } catch (error) {
      if (!(error instanceof SystemFailure)) throw error;
      throw new Refusal(
        "The machine cannot be told to erase itself. Hold Space when it starts, and choose Factory " +
          "reset in the menu.",
        { cause: error },
      );
    }
    setTimeout(() => {
      output("systemctl", ["--no-block", "reboot"]).catch((error) =>
        log.error("the machine does not restart", { error })
      );
    }, this.places.answerMs ?? ANSWER_MS);
  }
}
