/** `gamelan box`: the words of the command line around {@linkcode Box}. */
import { parseArgs } from "node:util";
import { authorizeKey, revokeKey } from "./authorized_keys.ts";
import { Box } from "./box.ts";
import type { BoxHost } from "./host.ts";
import { ChangeId, MAX_MESSAGE_BYTES, PrepareRequest, PROTOCOL } from "./protocol.ts";
import { prove } from "./prove.ts";
import { BoxRefused, refusalOf } from "./refused.ts";

export const boxHelp = `Usage: gamelan box status [--measure] | journal | logs [--lines N]
       gamelan box prepare < REQUEST | apply ID | confirm ID | rollback ID|bundle|config
       gamelan box authorize < KEY | revoke < KEY

This machine as a box of a fleet. "gamelan fleet" runs this over SSH; by hand it is of use when the
operator's machine is lost.

  status              what runs, how it is, and what waits for its confirmation, as JSON
  journal             what was changed, as JSON lines
  logs                the last lines of the service's log
  prepare             asks for room for a change: JSON on standard input
  apply ID            makes a prepared change; provisional until confirmed
  confirm ID          makes a provisional change final
  rollback            undoes the change that waits for its confirmation, or goes back from the
                      confirmed bundle or config to the one before; not from a confirmed bundle
                      while somebody plays
  authorize, revoke   lets an SSH key log in, or ends it: its .pub line on standard input
  return              used by timers: undoes a change that nobody confirmed
  prove               used at the start: tests this machine and makes an update final that waits for
                      it; exit code 1 where the machine is not good

Options:
  --data-dir DIR      Gamelan's data directory (data_dir)
  --config FILE       configuration file
  --measure           status: measure the latency too; takes some seconds
  --lines N           logs: so many. Default: 100
  --during-play       rollback: also while somebody plays, who is warned two minutes before

Answers are one line of JSON: {"protocol": 1, "result": ...} or {"protocol": 1, "error":
{"reason": ..., "message": ...}}.

Examples:
  gamelan box status
  gamelan box rollback config

Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 4 wrong configuration.`;

/** Where requests come from and answers go. */
export interface BoxConsole {
  /** Reads standard input whole. */
  input(): Promise<Uint8Array>;
  /** Prints a line of standard output; returns when it is written. */
  print(line: string): void;
}

/** So that an answer stays below {@linkcode MAX_MESSAGE_BYTES}. */
const MAX_ENTRIES = 500;
const MAX_LOG_CHARACTERS = 100_000;

const ok = 0;
const failure = 1;
const usage = 2;

/**
 * @param openHost  the machine, by the options of the command line
 * @returns the exit code
 */
export async function runBoxCommand(
  args: string[],
  openHost: (options: { dataDir?: string; config?: string }) => BoxHost,
  console: BoxConsole,
): Promise<number> {
  const answer = (result: unknown) => console.print(JSON.stringify({ protocol: PROTOCOL, result }));
  try {
    await dispatch(args, openHost, console, answer);
    return ok;
  } catch (error) {
    const wrong = (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
    const refusal = wrong
      ? { reason: "request" as const, message: (error as Error).message }
      : refusalOf(error);
    console.print(JSON.stringify({ protocol: PROTOCOL, error: refusal }));
    return refusal.reason === "request" ? usage : failure;
  }
}

async function dispatch(
  args: string[],
  openHost: (options: { dataDir?: string; config?: string }) => BoxHost,
  console: BoxConsole,
  answer: (result: unknown) => void,
): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      "data-dir": { type: "string" },
      "config": { type: "string" },
      "measure": { type: "boolean" },
      "lines": { type: "string" },
      "at-boot": { type: "boolean" },
      "during-play": { type: "boolean" },
    },
  });
  const [verb, subject, ...rest] = positionals;
  const host = openHost({ dataDir: values["data-dir"], config: values.config });
  const box = new Box(host);
  // A change may cut off the connection that its answer goes over; what becomes of it is then decided
  // by the timer, not by the broken pipe.
  const send = (result: unknown) => Promise.resolve().then(() => answer(result)).catch(() => {});
  if (rest.length > 0) throw expected(`nothing after "${subject}"`, rest.join(" "));
  switch (verb) {
    case "status":
      return answer(await box.status(values.measure ?? false));
    case "journal":
      return answer(box.journal().slice(-MAX_ENTRIES));
    case "logs":
      return answer((await host.logs(lineCount(values.lines))).slice(-MAX_LOG_CHARACTERS));
    case "prepare":
      return answer(await box.prepare(await request(console)));
    case "apply":
      return await box.apply(changeId(subject), send);
    case "confirm":
      return answer(await box.confirm(changeId(subject)));
    case "rollback": {
      const what = subject === "bundle" || subject === "config" ? subject : changeId(subject);
      return await box.rollback(what, send, { duringPlay: values["during-play"] ?? false });
    }
    case "return":
      if (values["at-boot"]) return await box.returnAtBoot();
      return await box.return(changeId(subject));
    case "prove": {
      const failure = await prove(host);
      if (failure !== undefined) throw new BoxRefused("unhealthy", failure);
      return answer({ detail: "all of it works", reboots: false });
    }
    case "authorize":
      return answer(authorizeKey(host.authorizedKeysFile, await text(console)));
    case "revoke":
      return answer(revokeKey(host.authorizedKeysFile, await text(console)));
    default:
      throw expected(
        "status, journal, logs, prepare, apply, confirm, rollback, authorize, revoke or prove",
        verb ?? "nothing",
      );
  }
}

function expected(what: string, got: string): BoxRefused {
  return new BoxRefused("request", `gamelan box expected ${what}, got "${got.slice(0, 100)}"`);
}

function changeId(text: string | undefined): string {
  const result = ChangeId.safeParse(text);
  if (result.success) return result.data;
  throw expected("the id of a change, such as config-0123456789abcdef", text ?? "nothing");
}

function lineCount(text = "100"): number {
  if (/^\d{1,5}$/.test(text) && Number(text) > 0) return Number(text);
  throw expected("a number from 1 to 99999 for --lines", text);
}

async function text(console: BoxConsole): Promise<string> {
  const bytes = await console.input();
  if (bytes.length > MAX_MESSAGE_BYTES) {
    throw expected(`at most ${MAX_MESSAGE_BYTES} bytes on standard input`, `${bytes.length}`);
  }
  return new TextDecoder().decode(bytes);
}

async function request(console: BoxConsole): Promise<PrepareRequest> {
  let value: unknown;
  try {
    value = JSON.parse(await text(console));
  } catch (error) {
    if (error instanceof BoxRefused) throw error;
    throw expected("JSON on standard input", "something else");
  }
  const { protocol } = value as { protocol?: unknown } ?? {};
  if (protocol !== PROTOCOL) {
    throw expected(`protocol ${PROTOCOL}: use a fleet tool of this box's version`, `${protocol}`);
  }
  const result = PrepareRequest.safeParse(value);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues;
  throw new BoxRefused(
    "request",
    `The request is wrong at ${path.join(".") || "its top"}: ${message}`,
  );
}
