import { z } from "zod";
import { Capability } from "../protocol/library.ts";
import { selfCommand } from "../system/self.ts";

/** Longest self-test, ms, and of each of its steps, s: an emulated machine on busy cores is slow. */
const SELF_TEST_MS = 900_000;
const STEP_SECONDS = 120;

export interface BoxSelfTestOptions {
  /** Address of this machine's house. */
  house?: string;
  stepSeconds?: number;
}

/**
 * What a system of the appliance must show to be kept: its house answers, a game runs and is encoded,
 * and a key and a gamepad reach it. Runs in a process of its own, of which nothing is certain: it may
 * crash, hang or not start.
 *
 * @returns what does not work, in words for the owner; undefined: all does
 */
export async function boxSelfTest(
  { house = "https://localhost", stepSeconds = STEP_SECONDS }: BoxSelfTestOptions = {},
): Promise<string | undefined> {
  const [program, ...args] = selfCommand(
    ...["selftest", "--house", house, "--patience", String(stepSeconds)],
    ...["--require-gamepad", "--json"],
  );
  const { code, signal, stdout, stderr } = await new Deno.Command(program, {
    args,
    stdin: "null",
    signal: AbortSignal.timeout(SELF_TEST_MS),
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (code === 0) return undefined;
  try {
    const rows = z.array(Capability).parse(JSON.parse(text(stdout)));
    const missing = rows.filter(({ status }) => status === "missing");
    return missing.map(({ title, evidence }) => `“${title}” failed: ${evidence}`).join("; ");
  } catch {
    const end = signal === "SIGTERM" ? `within ${SELF_TEST_MS / 1000} s` : `(code ${code})`;
    const said = text(stderr).split("\n").slice(-2).join("; ");
    return `The self-test did not end well ${end}: ${said}`;
  }
}
