import { libc } from "../../ffi/libc.ts";
import { collectGarbage, releaseFreedMemory } from "../system/freed_memory.ts";
import { logger } from "../system/log.ts";
import { Priority, setRealtime } from "../system/priority.ts";
import { liveStages } from "./live_stages.ts";
import { prepareStages } from "./prepare.ts";
import { Session } from "./session.ts";
import { readSpec } from "./spec.ts";

const log = logger("session");

/** After the start: the Workers have loaded their modules, also on a slow machine. */
const LOADED_MS = 10_000;

function releaseStart(): void {
  collectGarbage();
  releaseFreedMemory();
}

/**
 * Runs the session whose specification comes as the first line of standard input, and returns the
 * exit code. Everything is loaded before the line is read, so that a prepared process starts at once.
 *
 * The end of the input without a line is the wish to go: the agent has no use for this process.
 *
 * @throws Error where the specification is wrong, or its run directory cannot be used
 */
export async function sessionMain(): Promise<number> {
  prepareStages().then(sayPrepared);
  Deno.unrefTimer(setTimeout(releaseStart, LOADED_MS));
  const spec = await readSpec(Deno.stdin.readable);
  if (spec === undefined) return 0;
  const realtime = setRealtime(Priority.session);
  log.debug("scheduling", { realtime });
  const session = await Session.open(spec, liveStages);
  // A stray rejection in one stage must not take the game away from its players.
  globalThis.addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    log.error("unhandled rejection", { error: event.reason });
  });
  Deno.addSignalListener("SIGTERM", () => session.end("The machine is shutting down"));
  // Started from a terminal's foreground: the house decides about its sessions, not Ctrl-C.
  Deno.addSignalListener("SIGINT", () => {});
  const { state, reason } = await session.run();
  log.info("over", { state, reason });
  return state === "failed" ? 1 : 0;
}

/**
 * Tells the agent, which reads standard output until then, that all is loaded. The session outlives the
 * agent, so from now on standard output is where the log is.
 */
function sayPrepared(): void {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode("prepared\n"));
  } catch {
    // The agent is gone already.
  }
  libc.dup2(2, 1);
}
