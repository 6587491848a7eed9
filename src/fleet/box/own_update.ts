/**
 * An update that a box makes by itself, without an operator: it is taken in here, installed and started
 * by own_install.ts, and stays if the new system's own test succeeds ({@linkcode prove}).
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
import type { BoxStatus, OwnUpdate, Prepared } from "./protocol.ts";
import { PROTOCOL } from "./protocol.ts";
import { BoxRefused, refusalOf } from "./refused.ts";
import { BoxState } from "./state.ts";

/** An own update is settled by its test; this only bounds a machine that lost its gate. */
export const CONFIRM_SECONDS = 3600;

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
 * @returns the change to install (own_install.ts), or why there is nothing to do
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
  const state = new BoxState(host.dataDir);
  const before = state.ownUpdate;
  const prepared = await prepare(host, head, operator).catch((error) => {
    if (before === undefined || !isInstalled(state, before)) throw error;
    if (refusalOf(error).reason !== "busy") throw error;
    const waits = `${before.version} is installed here and waits for the restart`;
    throw new BoxRefused("busy", `${waits}; give it up first (gamelan update --cancel)`);
  });
  if (prepared.outcome === "nothing-to-do") return { nothingToDo: prepared.detail };
  if (prepared.outcome === "provisional") {
    if (before?.id === prepared.id && when === "now") {
      return { update: state.ownUpdate = { ...before, when } };
    }
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
    state.unstage(prepared.id);
    throw error;
  }
  const update: OwnUpdate = { id: prepared.id, version, extension, when, phase: "waiting" };
  state.ownUpdate = update;
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
    // Taking it in disturbs nobody; when it may restart is decided in own_install.ts.
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

/** Whether it is in its slot, and its end is not decided. */
export function isInstalled(
  { pending }: Pick<BoxStatus, "pending">,
  { id }: Pick<OwnUpdate, "id">,
): boolean {
  return pending?.id === id && pending.phase === "provisional";
}

/** What waits to be installed. @throws BoxRefused where nothing does */
export function waitingUpdate(host: BoxHost): OwnUpdate {
  const update = new BoxState(host.dataDir).ownUpdate;
  if (update === undefined || update.phase === "failed") {
    throw new BoxRefused("nothing", "No update waits here");
  }
  return update;
}

/**
 * Gives up what waits to be installed, or is installed and waits for its restart.
 *
 * @throws BoxRefused where nothing does
 */
export async function forgetUpdate(host: BoxHost): Promise<OwnUpdate> {
  const update = waitingUpdate(host);
  const state = new BoxState(host.dataDir);
  const { id, version, phase } = update;
  state.ownUpdate = undefined;
  // Who plays is told no more of it.
  if (state.restart?.version === version) state.restart = undefined;
  if (phase !== "waiting" || isInstalled(state, update)) {
    // Waits for the end of an installation; one that came to nothing left nothing to take back.
    await new Box(host).rollback(id, () => {
      const detail = `${version} was given up before it was started`;
      const at = host.now().toISOString();
      state.lastUpdate = { version, outcome: "taken-back", detail, at };
      return Promise.resolve();
    }).catch((error) => {
      if (refusalOf(error).reason !== "nothing") throw error;
    });
  }
  state.unstage(id);
  return update;
}
