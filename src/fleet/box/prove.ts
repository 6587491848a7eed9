/**
 * The health gate of an update. A new system is on trial while the boot loader counts its tries; it is
 * kept only if the machine still does what it is for. One that does not is restarted
 * (systemd/system/gamelan-prove.service), after its third try into the system before it.
 */
import { Box } from "./box.ts";
import type { BoxHost } from "./host.ts";
import type { Proof } from "./protocol.ts";
import { BoxState } from "./state.ts";

/** More than the boot loader's tries are not of one trial. */
const MAX_FAILURES = 3;

/**
 * Tests this machine, keeps what came out, and makes an update final that waited for it.
 *
 * @returns why the system is not good, or undefined where it is
 */
export async function prove(host: BoxHost): Promise<string | undefined> {
  const state = new BoxState(host.dataDir);
  const failure = await host.selfTest();
  const { current } = await host.updater?.slots() ?? {};
  const version = current?.version ?? host.version;
  await state.exclusively(() => {
    state.proof = proofAfter(state.proof, version, failure, host.now());
    return Promise.resolve();
  });
  if (failure !== undefined) return failure;
  const { pending } = state;
  if (pending?.confirmedBy === "self-test" && pending.bundle?.version === version) {
    await new Box(host).confirm(pending.id);
  }
  return undefined;
}

function proofAfter(
  before: Proof | undefined,
  version: string,
  failure: string | undefined,
  now: Date,
): Proof {
  const at = now.toISOString();
  if (failure === undefined) return { version, at, failures: [] };
  const failures = before?.version === version ? before.failures : [];
  return { version, at, failures: [...failures, failure.slice(0, 2000)].slice(-MAX_FAILURES) };
}
