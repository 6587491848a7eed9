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

/** Reads no more than it accepts: a length that was announced, or none at all, proves nothing. */
async function readText(request: Request): Promise<string> {
  const tooBig = new HttpError("bad-request", `expected a body of at most ${MAX_BODY} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY) throw tooBig;
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  try {
    for await (const chunk of request.body ?? []) {
      length += chunk.length;
      if (length > MAX_BODY) throw tooBig;
      text += decoder.decode(chunk, { stream: true });
    }
  } catch (error) {
    if (error === tooBig) throw error;
    throw new HttpError("bad-request", "the connection ended within the body");
  }
  return text + decoder.decode();
}
