import type { z } from "zod";
import { HttpError } from "./errors.ts";

/** Requests of the API are small. */
export const MAX_BODY = 16_384;

/**
 * The checked JSON body of a request.
 *
 * @throws HttpError where it is too big, not JSON, or not of the schema's form
 */
export async function readBody<Schema extends z.ZodType>(
  request: Request,
  schema: Schema,
): Promise<z.output<Schema>> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw new HttpError("bad-request", "expected a body of Content-Type application/json");
  }
  let value: unknown;
  const text = await readText(request);
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpError("bad-request", "expected a JSON body");
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;
  const issues = checked.error.issues.slice(0, 5).map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message
  );
  throw new HttpError("bad-request", issues.join("; ").slice(0, 500));
}

/** The text of a body of at most {@linkcode MAX_BODY} bytes. */
async function readText(request: Request): Promise<string> {
  return new TextDecoder().decode(await readBytes(request, MAX_BODY));
}

/**
 * A body of at most `most` bytes. Reads no more than it accepts: a length that was announced, or none
 * at all, proves nothing.
 *
 * @throws HttpError where it is longer or breaks off
 */
export async function readBytes(request: Request, most: number): Promise<Uint8Array> {
  const tooBig = new HttpError("bad-request", `expected a body of at most ${most} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooBig;
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of request.body ?? []) {
      length += chunk.length;
      if (length > most) throw tooBig;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error === tooBig) throw error;
    throw new HttpError("bad-request", "the connection ended within the body");
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
