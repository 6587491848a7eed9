/**
 * An update that a box makes by itself, without an operator: it is installed when nobody plays, or now
 * with a warning, and stays if the new system's own test succeeds ({@linkcode prove}).
 */
import { join } from "node:path";
import { BundleArchive } from "../../update/archive.ts";
import { expandDeltas } from "../../update/delta_bundle.ts";
import { BundleManifest, MANIFEST, parseBundleFile } from "../../update/manifest.ts";
import { BundleRefused } from "../../update/refused.ts";
import { type BundleHead, readBundleHead, writeBundleHead } from "../../update/verify.ts";
import { syncFolder } from "../durable_file.ts";
import { Box } from "./box.ts";
import type { BoxHost } from "./host.ts";
import type { Applied, OwnUpdate, Prepared } from "./protocol.ts";
import { PROTOCOL } from "./protocol.ts";
import { BoxRefused, refusalOf } from "./refused.ts";
import { BoxState } from "./state.ts";

/** How long players are warned, seconds. */
const WARNING_SECONDS = 120;
const LOOK_SECONDS = 10;
/** An own update is settled by its test; this only bounds a machine that lost its gate. */
const CONFIRM_SECONDS = 3600;

export type When = OwnUpdate["when"];

/** What brings an update in. */
export interface TakeOptions {
  /** Who brings it, for the journal. */
  operator: string;
  when: When;
  /** Called where another update is at work here, whose end is waited for. */
  onWait?: () => void;
}

/**
 * Takes a bundle in: a folder, or an update file as a stream.
 *
 * @returns the change to {@linkcode install}, or why there is nothing to do
 * @throws BoxRefused, BundleRefused
 */
export async function takeBundle(
  host: BoxHost,
  source: string | AsyncIterable<Uint8Array>,
  options: TakeOptions,
): Promise<{ update: OwnUpdate } | { nothingToDo: string }> {
  const archive = typeof source === "string" ? undefined : new BundleArchive(source);
  const head = archive ? await archive.head() : await readBundleHead(source as string);
  const manifest = parseBundleFile(BundleManifest, head.manifest, MANIFEST);
  return await new BoxState(host.dataDir).updating(
    () => takeFiles(host, archive ?? source as string, { head, manifest }, options),
    options.onWait,
  );
}

async function takeFiles(
  host: BoxHost,
  source: string | BundleArchive,
  { head, manifest }: { head: BundleHead; manifest: BundleManifest },
  { operator, when }: TakeOptions,
): Promise<{ update: OwnUpdate } | { nothingToDo: string }> {
  const { files, version, extendsSystem: extension } = manifest;
  const prepared = await prepare(host, head, operator);
  if (prepared.outcome === "nothing-to-do") return { nothingToDo: prepared.detail };
  if (prepared.outcome === "provisional") {
    return { nothingToDo: `${version} is installed and waits for the restart` };
  }
  try {
    await writeBundleHead(prepared.folder, head);
    if (typeof source === "string") await copyFiles(source, prepared.folder, files);
    else {
      await source.unpack(prepared.folder, files);
      const { updater } = host;
      await expandDeltas(prepared.folder, files, (base) => updater!.runningFile(base));
    }
    // That it waits is noted for good below, so its files must be there for good before.
    syncFolder(prepared.folder);
  } catch (error) {
    // What is left of it would fill the disk until the next update.
    new BoxState(host.dataDir).unstage(prepared.id);
    throw error;
  }
  const update: OwnUpdate = { id: prepared.id, version, extension, when, phase: "waiting" };
  new BoxState(host.dataDir).ownUpdate = update;
  return { update };
}

async function prepare(
  host: BoxHost,
  head: BundleHead,
  operator: string,
): Promise<Prepared> {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
  return await new Box(host).prepare({
    protocol: PROTOCOL,
    kind: "bundle",
    push: "own",
    operator,
    confirmSeconds: CONFIRM_SECONDS,
    // Taking it in disturbs nobody; when it may restart is decided in `install`.
    duringPlay: true,
    confirmedBy: "self-test",
    manifest: base64(head.manifest),
    signature: base64(head.signature),
    keys: head.keys && base64(head.keys),
  });
}

async function copyFiles(from: string, to: string, files: BundleManifest["files"]): Promise<void> {
  for (const { name } of files) {
    const path = join(from, name);
    const stat = await Deno.lstat(path).catch(() => undefined);
    if (!stat?.isFile) throw new BundleRefused("truncated", `The bundle lacks ${name}`);
    await Deno.copyFile(path, join(to, name));
  }
}

/**
 * Installs what {@linkcode takeBundle} took in and restarts the machine, when it may.
 *
 * @param say  called with each step, in words
 * @throws BoxRefused, BundleRefused; the machine is then as it was, and the reason is kept
 */
export async function install(
  host: BoxHost,
  update: OwnUpdate,
  say: (text: string) => void,
): Promise<void> {
  const state = new BoxState(host.dataDir);
  const phase = (next: Partial<OwnUpdate>) => state.ownUpdate = { ...update, ...next };
  const players = async () => (await host.health(false)).sessions;
  const warn = async () => {
    say(`${update.version} is ready; the games are ended in ${WARNING_SECONDS} s`);
    const restartAt = new Date(host.now().getTime() + WARNING_SECONDS * 1000).toISOString();
    phase({ phase: "warning", restartAt });
    await host.sleep(WARNING_SECONDS);
  };
  if (update.when === "idle" && await players() > 0) {
    say("Waiting until nobody plays");
    phase({ phase: "waiting" });
    while (await players() > 0) await host.sleep(LOOK_SECONDS);
  }
  await state.updating(async () => {
    // Another one was brought meanwhile, or this one was given up.
    if (state.ownUpdate?.id !== update.id) return say(`${update.version} waits no longer`);
    const { current } = await host.updater!.slots();
    if (current.version === update.version && !update.extension) {
      // Installed whole when the power went; its own test decides now.
      state.ownUpdate = undefined;
      return;
    }
    phase({ phase: "installing" });
    say(`Checking and installing ${update.version}`);
    try {
      await new Box(host).apply(update.id, async ({ detail }: Applied) => {
        say(`${detail}; restarting`);
        // Also somebody who has begun since.
        if (await players() > 0) await warn();
        state.ownUpdate = undefined;
      });
    } catch (error) {
      const { message } = refusalOf(error);
      phase({ phase: "failed", detail: message });
      state.unstage(update.id);
      throw error;
    }
  }, () => say("Another update is at work here; this one goes on after it"));
}

/** What waits to be installed. @throws BoxRefused where nothing does */
export function waitingUpdate(host: BoxHost): OwnUpdate {
  const update = new BoxState(host.dataDir).ownUpdate;
  if (update === undefined || update.phase === "failed") {
    throw new BoxRefused("nothing", "No update waits here");
  }
  return update;
}

/** Gives up what waits to be installed. @throws BoxRefused where nothing does */
export function forgetUpdate(host: BoxHost): OwnUpdate {
  const update = waitingUpdate(host);
  const state = new BoxState(host.dataDir);
  state.ownUpdate = undefined;
  state.unstage(update.id);
  return update;
}
