/** The box's side, called over SSH; every answer is checked. */
import { z } from "zod";
import {
  Answer,
  Applied,
  type BoxReason,
  BoxStatus,
  JournalEntry,
  MAX_MESSAGE_BYTES,
  Prepared,
  type PrepareRequest,
  PROTOCOL,
  Settled,
} from "./box/protocol.ts";
import type { Host } from "./inventory.ts";
import { ConnectionFailed, type RemoteOptions, shellQuote, type Ssh } from "./ssh.ts";

/** The box answered, and said no. */
export class BoxSaysNo extends Error {
  override name = "BoxSaysNo";
  constructor(readonly reason: BoxReason, message: string) {
    super(message);
  }
}

/** Writing an image to a slow disk takes its time, and what else changes the box waits for it. */
const CHANGE_MS = 20 * 60_000;
/**
 * Waits, on the box, until its start is over, which includes the test of a new system; not at all where
 * that is unknown. To start Gamelan for an answer meanwhile would take a slow box from what is waited
 * for.
 */
const started = (seconds: number) =>
  `timeout ${seconds} systemctl is-system-running --wait >/dev/null 2>&1; `;
const ANSWER_MS = 60_000;
/** Some hundred pictures, on a machine that may need a second for each. */
const MEASURE_MS = 5 * 60_000;

export class BoxClient {
  constructor(readonly ssh: Ssh, readonly host: Host) {}

  /**
   * @param options
   *   measure: the latency too; fresh: over a connection of its own; startSeconds: where the box is
   *   starting, once that is over, or after so many seconds; nice: after whatever else the box has
   *   to do, such as a game
   */
  status(
    options: { measure?: boolean; fresh?: boolean; startSeconds?: number; nice?: boolean } = {},
  ): Promise<BoxStatus> {
    const { measure = false, fresh, startSeconds = 0, nice = false } = options;
    const timeoutMs = startSeconds * 1000 + (measure ? MEASURE_MS : ANSWER_MS);
    return this.#call(
      BoxStatus,
      ["status", ...(measure ? ["--measure"] : [])],
      { fresh, timeoutMs },
      (startSeconds > 0 ? started(startSeconds) : "") + (nice ? "nice -n 19 " : ""),
    );
  }

  prepare(request: PrepareRequest): Promise<Prepared> {
    return this.#call(Prepared, ["prepare"], {
      input: JSON.stringify(request),
      timeoutMs: CHANGE_MS,
    });
  }

  apply(id: string): Promise<Applied> {
    return this.#call(Applied, ["apply", id], { timeoutMs: CHANGE_MS });
  }

  /** Over a new connection: that the box can still be reached is what is being confirmed. */
  confirm(id: string): Promise<Settled> {
    return this.#call(Settled, ["confirm", id], { fresh: true, timeoutMs: CHANGE_MS });
  }

  /**
   * @param what     id of a change that is not confirmed, or "bundle" or "config"
   * @param options  duringPlay: from a confirmed bundle also while somebody plays
   */
  rollback(what: string, { duringPlay = false } = {}): Promise<Settled> {
    const words = ["rollback", what, ...(duringPlay ? ["--during-play"] : [])];
    return this.#call(Settled, words, { fresh: true, timeoutMs: CHANGE_MS });
  }

  journal(): Promise<JournalEntry[]> {
    return this.#call(z.array(JournalEntry), ["journal"]);
  }

  logs(lines: number): Promise<string> {
    return this.#call(z.string(), ["logs", "--lines", String(lines)]);
  }

  authorize(key: string): Promise<Settled> {
    return this.#call(Settled, ["authorize"], { input: key });
  }

  revoke(key: string): Promise<Settled> {
    return this.#call(Settled, ["revoke"], { input: key });
  }

  /** @param before  what stands before the command in the shell's line, such as `sleep 1; ` */
  async #call<T>(
    schema: z.ZodType<T>,
    words: string[],
    options: RemoteOptions = {},
    before = "",
  ): Promise<T> {
    const argv = [...this.host.command.split(" "), "box", ...words];
    const line = before + argv.map(shellQuote).join(" ");
    const { code, stdout, stderr } = await this.ssh.runShell(this.host, line, options);
    const answer = parseAnswer(stdout, this.host.name, { code, stderr });
    if ("error" in answer) throw new BoxSaysNo(answer.error.reason, answer.error.message);
    const result = schema.safeParse(answer.result);
    if (result.success) return result.data;
    const [{ path, message }] = result.error.issues;
    throw new BoxSaysNo(
      "request",
      `${this.host.name} answered something unexpected at ${
        path.join(".") || "its top"
      }: ${message}`,
    );
  }
}

function parseAnswer(
  stdout: string,
  name: string,
  { code, stderr }: { code: number; stderr: string },
): z.infer<typeof Answer> {
  // A log-in message of the box may stand before the answer.
  const line = stdout.trimEnd().split("\n").at(-1) ?? "";
  let value: unknown;
  try {
    value = line.length > MAX_MESSAGE_BYTES ? undefined : JSON.parse(line);
  } catch {
    value = undefined;
  }
  const parsed = Answer.safeParse(value);
  if (parsed.success) return parsed.data;
  if (code === 127) {
    throw new BoxSaysNo(
      "unsupported",
      `${name} does not know the command: is Gamelan installed there, and is "command" in the ` +
        "inventory right?",
    );
  }
  if (code !== 0 && line === "" && stderr.trim() === "") {
    throw new ConnectionFailed({ kind: "broken", message: `${name} ended without an answer` });
  }
  const protocol = (value as { protocol?: unknown } | undefined)?.protocol;
  const other = typeof protocol === "number" && protocol !== PROTOCOL
    ? `it speaks protocol ${protocol}, this is ${PROTOCOL}`
    : printable(stderr.trim().split("\n").at(-1) || line || `exit code ${code}`);
  throw new BoxSaysNo("request", `${name} gave no answer that we understand: ${other}`);
}

/** What a box says is shown on the operator's terminal: without control characters. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}]+/gu, " ").slice(0, 500);
}
