/** A new system image, in the slot that does not run. */
import { expandDeltas } from "../../../update/delta_bundle.ts";
import {
  type BundleHead,
  type Machine,
  readBundleHead,
  verifyBundle,
  verifyHead,
} from "../../../update/verify.ts";
import { compareVersions } from "../../../update/version.ts";
import type { Slots, Updater } from "../../../update/updater.ts";
import { BoxRefused } from "../refused.ts";
import type { PrepareRequest, UpdateOutcome } from "../protocol.ts";
import type { Pending } from "../state.ts";
import type { BoxContext, Offer, Outcome, Provisional } from "./change.ts";

type BundleRequest = Extract<PrepareRequest, { kind: "bundle" }>;

function updaterOf({ host }: BoxContext): Updater {
  if (host.updater !== undefined) return host.updater;
  throw new BoxRefused(
    "unsupported",
    "This machine has no slots for system images (it is no appliance); Gamelan is updated with its " +
      "packages there. Games and configuration can be pushed",
  );
}

async function machine({ host, state }: BoxContext, { current }: Slots): Promise<Machine> {
  const { bundle } = state.applied;
  return {
    product: host.product,
    architecture: host.architecture,
    version: current.version,
    digest: bundle?.version === current.version ? bundle.digest : undefined,
    imageKeys: await host.imageKeys(),
    keyHistory: state.keyHistory,
  };
}

/** Whether a bundle may be installed here, and whether it runs already. @throws BundleRefused */
export async function examineBundle(context: BoxContext, head: BundleHead) {
  const slots = await updaterOf(context).slots();
  const { manifest: { version } } = verifyHead(head, await machine(context, slots));
  return { version, runs: version === slots.current.version };
}

export async function offerBundle(context: BoxContext, request: BundleRequest): Promise<Offer> {
  const updater = updaterOf(context);
  const slots = await updater.slots();
  const bytes = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const head = {
    manifest: bytes(request.manifest),
    signature: bytes(request.signature),
    keys: request.keys === undefined ? undefined : bytes(request.keys),
  };
  const { manifest, digest } = verifyHead(head, await machine(context, slots));
  const runs = compareVersions(manifest.version, slots.current.version) === 0;
  return {
    id: `bundle-${digest.slice(0, 16)}`,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    has: runs ? `runs ${manifest.version}` : undefined,
  };
}

export async function applyBundle(
  context: BoxContext,
  id: string,
  folder: string,
): Promise<Provisional> {
  const updater = updaterOf(context);
  const slots = await updater.slots();
  const here = await machine(context, slots);
  // A delta is not signed, but nothing is made of one that an untrusted manifest brings.
  const { manifest: { files } } = verifyHead(await readBundleHead(folder), here);
  await expandDeltas(folder, files, (base) => updater.runningFile(base));
  const bundle = await verifyBundle(folder, here);
  const { manifest: { version }, digest, keyHistory } = bundle;
  if (id !== `bundle-${digest.slice(0, 16)}`) {
    throw new BoxRefused("request", `${id} was prepared, but the folder holds bundle-${digest}`);
  }
  if (compareVersions(version, slots.current.version) === 0) {
    throw new BoxRefused("nothing", `Version ${version} runs already`);
  }
  if (slots.other.name === slots.current.name) {
    throw new BoxRefused(
      "wrong-slot",
      `The machine says that slot ${slots.current.name} both runs and is free; nothing was written`,
    );
  }
  await updater.verify(bundle);
  return {
    pending: { bundle: { version, digest, previous: slots.current.version, keyHistory } },
    detail: `${version} is in slot ${slots.other.name}`,
    reboots: true,
    make: () => updater.install(bundle),
  };
}

export async function confirmBundle(context: BoxContext, pending: Pending): Promise<Outcome> {
  const { version, digest, keyHistory } = pending.bundle!;
  const updater = updaterOf(context);
  const { current } = await updater.slots();
  if (current.version !== version) {
    throw new BoxRefused(
      "wrong-slot",
      `Slot ${current.name} with ${current.version} runs; ${version} was installed to the other one`,
    );
  }
  const { proof } = context.state;
  const failed = proof?.version === version ? proof.failures.at(-1) : undefined;
  if (!current.blessed && (proof?.version !== version || failed !== undefined)) {
    // Confirmed now, it would stay, whatever its own test says then.
    throw new BoxRefused(
      "unhealthy",
      `${version} has not passed its own test yet${failed === undefined ? "" : `: ${failed}`}`,
    );
  }
  await updater.markGood();
  context.state.keyHistory = keyHistory;
  context.state.applied = { ...context.state.applied, bundle: { version, digest } };
  const detail = `runs ${version} from slot ${current.name}`;
  note(context, { version, outcome: "installed", detail });
  return { detail, reboots: false };
}

/** Whether the new version does not run: never booted, or the boot loader gave it up. */
export async function isNotRunning(context: BoxContext, pending: Pending): Promise<boolean> {
  const { current } = await updaterOf(context).slots();
  return current.version !== pending.bundle!.version;
}

/** @param reason  why, for people */
export async function undoBundle(
  context: BoxContext,
  pending: Pending,
  reason: string,
): Promise<Outcome> {
  const updater = updaterOf(context);
  const { current } = await updater.slots();
  const runs = current.version === pending.bundle!.version;
  const version = await updater.rollback();
  note(context, { version: pending.bundle!.version, outcome: "taken-back", detail: reason });
  return { detail: `goes back to ${version}`, reboots: runs };
}

function note({ host, state }: BoxContext, outcome: Omit<UpdateOutcome, "at">): void {
  state.lastUpdate = { ...outcome, at: host.now().toISOString() };
}

/** Goes back from a confirmed system to the one in the other slot. */
export async function rollbackBundle(context: BoxContext): Promise<Outcome> {
  const updater = updaterOf(context);
  const { current, other } = await updater.slots();
  if (other.version === undefined || !other.blessed) {
    throw new BoxRefused("nothing", `Slot ${other.name} holds no system to go back to`);
  }
  const version = await updater.rollback();
  return { detail: `goes back from ${current.version} to ${version}`, reboots: true };
}
