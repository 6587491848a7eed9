import { BundleRefused } from "../../update/refused.ts";
import type { BoxReason } from "./protocol.ts";

/** The box does not do it; the message is for the operator. */
export class BoxRefused extends Error {
  override name = "BoxRefused";
  constructor(readonly reason: BoxReason, message: string) {
    super(message);
  }
}

/** Any error as a reason and a sentence. */
export function refusalOf(error: unknown): { reason: BoxReason; message: string } {
  if (error instanceof BoxRefused || error instanceof BundleRefused) {
    return { reason: error.reason, message: error.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (/ENOSPC|EDQUOT|No space left on device|Disk quota exceeded/i.test(message)) {
    return { reason: "disk-full", message: `The box's disk is full: ${message}` };
  }
  return { reason: "failed", message };
}
