/** Runs the system's own programs (busctl, ip, networkctl, systemctl) within bounds. */

/** Longest output that is read, bytes: a house has tens of networks around it, not thousands. */
const MAX_OUTPUT = 4 << 20;

/** A program of the system said no, or did not answer. */
export class SystemFailure extends Error {
  override name = "SystemFailure";
  constructor(program: string, readonly said: string) {
    super(`${program}: ${said.trim().split("\n").at(-1)?.slice(0, 300) || "failed"}`);
  }
}

/**
 * The standard output of a program that must succeed within `timeoutMs`.
 *
 * @throws SystemFailure with what it said
 */
export async function output(
  program: string,
  args: string[],
  timeoutMs = 15_000,
): Promise<string> {
  const signal = AbortSignal.timeout(timeoutMs);
  let result: Deno.CommandOutput;
  try {
    result = await new Deno.Command(program, {
      args,
      env: { LC_ALL: "C.UTF-8" },
      stdin: "null",
      signal,
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new SystemFailure(program, "this machine does not have that program");
  }
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (signal.aborted) throw new SystemFailure(program, `no answer within ${timeoutMs} ms`);
  if (!result.success) throw new SystemFailure(program, text(result.stderr));
  if (result.stdout.length > MAX_OUTPUT) throw new SystemFailure(program, "too long an answer");
  return text(result.stdout);
}
