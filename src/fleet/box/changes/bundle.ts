/** A new system image, in the slot that does not run. */
import type { BundleManifest } from "../../../update/manifest.ts";
import { sha256File } from "../../../system/sha256_file.ts";
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
import type { PrepareRequest, Proof, UpdateOutcome } from "../protocol.ts";
import { describeTrial } from "../trial.ts";
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
  const { manifest } = verifyHead(head, await machine(context, slots));
  const { version, extendsSystem } = manifest;
  if (!extendsSystem) return { version, runs: version === slots.current.version };
  const { has } = await extensionsOf(updaterOf(context), manifest);
  return { version, runs: has !== undefined };
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
  const id = `bundle-${digest.slice(0, 16)}`;
  if (manifest.extendsSystem) {
    if (request.confirmedBy !== "self-test") {
      throw new BoxRefused(
        "unsupported",
        "The bundle only adds an extension. A fleet gets one with an update that brings it along; " +
          "a single box takes this by its page or `gamelan update`",
      );
    }
    const { bytes, has } = await extensionsOf(updater, manifest);
    return { id, bytes, has };
  }
  const runs = compareVersions(manifest.version, slots.current.version) === 0;
  return {
    id,
    bytes: manifest.files.reduce((sum, file) => sum + file.bytes, 0),
    has: runs ? `runs ${manifest.version}` : undefined,
  };
}

/** What of the bundle's extensions the system has. */
async function extensionsOf(updater: Updater, { files, version }: BundleManifest) {
  const names = files.map(({ name }) => name);
  let same = await updater.isExtended(names);
  for (const { name, sha256 } of same ? files : []) {
    const path = await updater.runningFile(name);
    same &&= path !== undefined && await sha256File(path) === sha256;
  }
  return {
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    has: same ? `${version} has the extension ${names.join(", ")}` : undefined,
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
  if (bundle.manifest.extendsSystem) {
    await updater.verify(bundle);
    const extensions = bundle.manifest.files.map(({ name }) => name);
    return {
      pending: { bundle: { version, digest, previous: version, keyHistory, extensions } },
      detail: `${extensions.join(", ")} is added`,
      reboots: true,
      make: () => updater.extend(bundle),
    };
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
  const { version, digest, keyHistory, extensions } = pending.bundle!;
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
  if (extensions !== undefined && !await updater.isExtended(extensions)) {
    throw new BoxRefused("unhealthy", `${extensions.join(", ")} is not in use`);
  }
  await updater.markGood();
  context.state.keyHistory = keyHistory;
  if (extensions !== undefined) {
    const detail = `runs ${version} with ${extensions.join(", ")}`;
    note(context, { version, outcome: "installed", detail });
    return { detail, reboots: false };
  }
  context.state.applied = { ...context.state.applied, bundle: { version, digest } };
  const detail = `runs ${version} from slot ${current.name}`;
  note(context, { version, outcome: "installed", detail });
  return { detail, reboots: false };
}

/**
 * Whether the new version does not run: never booted, or the boot loader gave it up; of extensions,
 * whether they are not in use.
 */
export async function isNotRunning(context: BoxContext, pending: Pending): Promise<boolean> {
  const updater = updaterOf(context);
  const { version, extensions } = pending.bundle!;
  const { current } = await updater.slots();
  if (current.version !== version) return true;
  return extensions !== undefined && !await updater.isExtended(extensions);
}

/** What the owner is told of a change that does not run after the restart. */
export function whyNotRunning({ bundle }: Pending, proof: Proof | undefined): string {
  const { version, extensions } = bundle!;
  if (extensions === undefined) return describeTrial(version, proof);
  return `${extensions.join(", ")} does not fit this system, or keeps it from starting`;
}

/** @param reason  why, for people */
export async function undoBundle(
  context: BoxContext,
  pending: Pending,
  reason: string,
): Promise<Outcome> {
  const updater = updaterOf(context);
  const { current } = await updater.slots();
  const { version: wanted, extensions } = pending.bundle!;
  const runs = current.version === wanted;
  if (extensions !== undefined) {
    const extended = await updater.isExtended(extensions);
    await updater.withdraw(extensions);
    note(context, { version: wanted, outcome: "taken-back", detail: reason });
    const detail = `goes back to ${wanted} without ${extensions.join(", ")}`;
    return { detail, reboots: extended };
  }
  let version = current.version;
  if (runs) version = await updater.rollback();
  else await updater.discard(wanted);
  note(context, { version: wanted, outcome: "taken-back", detail: reason });
  return { detail: `goes back to ${version}`, reboots: runs };
}

/** Takes out of the other slot what was installed and never started: the box is not told of a try. */
export async function withdrawBundle(context: BoxContext, pending: Pending): Promise<void> {
  await updaterOf(context).discard(pending.bundle!.version);
}

function note({ host, state }: BoxContext, outcome: Omit<UpdateOutcome, "at">): void {
  state.lastUpdate = { ...outcome, at: host.now().toISOString() };
}

/** Goes back from a confirmed system to the one in the other slot, whose version it gives too. */
export async function rollbackBundle(context: BoxContext): Promise<Outcome & { version: string }> {
  const updater = updaterOf(context);
  const { current, other } = await updater.slots();
  if (other.version === undefined || !other.blessed) {
    throw new BoxRefused("nothing", `Slot ${other.name} holds no system to go back to`);
  }
  const version = await updater.rollback();
  const detail = `goes back from ${current.version} to ${version}`;
  // A stick that is still plugged in must not bring it again at the next start.
  note(context, {
    version: current.version,
    outcome: "taken-back",
    detail: `the owner asked for it; ${detail}`,
  });
  return { version, detail, reboots: true };
}
