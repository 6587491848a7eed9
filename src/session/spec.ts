import { SessionSpec } from "../protocol/session.ts";

/** A specification is a few kilobytes; its longest parts are the ICE servers. */
const MAX_SPEC = 65_536;

/**
 * Reads the first line of `input` as a session's specification. Undefined where the input ends
 * without one: the agent has no use for this process.
 *
 * @throws Error that says what was expected, where the line is too long, no JSON, or no specification
 */
export async function readSpec(
  input: ReadableStream<Uint8Array>,
): Promise<SessionSpec | undefined> {
  const line = await firstLine(input);
  return line === undefined ? undefined : parseSpec(line);
}

/** @throws Error that names each wrong field */
export function parseSpec(line: string): SessionSpec {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error("expected the specification of a session as one line of JSON");
  }
  const parsed = SessionSpec.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    `${path.join(".") || "specification"}: ${message}`
  );
  throw new Error(`the specification of the session is wrong: ${problems.join("; ")}`);
}

async function firstLine(input: ReadableStream<Uint8Array>): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of input) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf("\n");
    if (Math.max(end, 0) > MAX_SPEC || (end < 0 && text.length > MAX_SPEC)) {
      throw new Error(`expected a specification of at most ${MAX_SPEC} characters`);
    }
    if (end >= 0) return text.slice(0, end);
  }
  return undefined;
}
