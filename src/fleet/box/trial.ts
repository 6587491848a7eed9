import type { Proof } from "./protocol.ts";

/** Why a system that does not run any more was given up, for its owner. */
export function describeTrial(version: string, proof: Proof | undefined): string {
  const failures = proof?.version === version ? proof.failures : [];
  if (failures.length === 0) {
    return `${version} was taken back: it did not start, or not far enough to say why`;
  }
  const times = ["once", "twice", "three times"][failures.length - 1];
  return `${version} was tried ${times} and taken back: ${failures.at(-1)}`;
}
