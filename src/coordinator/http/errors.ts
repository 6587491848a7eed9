import type { ApiError } from "../../protocol/api.ts";

const STATUS: Record<ApiError["error"], number> = {
  "bad-request": 400,
  "unauthorized": 401,
  "forbidden": 403,
  "not-found": 404,
  "conflict": 409,
  "rate-limited": 429,
  "unavailable": 503,
  "internal": 500,
};

/** A request that is answered with an ApiError. `message`: a sentence with what to do. */
export class HttpError extends Error {
  override name = "HttpError";
  constructor(
    readonly error: ApiError["error"],
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }

  response(): Response {
    const body: ApiError = { error: this.error, message: this.message };
    return Response.json(body, { status: STATUS[this.error], headers: this.headers });
  }
}
