/** What the routes of the API have in common: who asks, and for what. */
import type { Context } from "hono";
import { Id } from "../../protocol/session.ts";
import type { Identity } from "../accounts/accounts.ts";
import type { UserRecord } from "../store/store.ts";
import { HttpError } from "./errors.ts";
import type { Visit } from "./gate.ts";
import type { Handshake } from "./web_socket.ts";

export type ApiEnv = {
  Bindings: { visit: Visit; handshake?: Handshake };
  Variables: { identity: Identity };
};
export type ApiContext = Context<ApiEnv>;

export function signInFirst(): HttpError {
  return new HttpError("unauthorized", "Sign in first.");
}

/** @throws HttpError for a guest or a stranger */
export function requireUser(context: ApiContext): UserRecord {
  const { user } = context.get("identity");
  if (!user) throw signInFirst();
  return user;
}

/** @throws HttpError for all but an owner of the house */
export function requireOwner(context: ApiContext): UserRecord {
  const user = requireUser(context);
  if (user.role === "owner") return user;
  throw new HttpError("forbidden", "Only an owner of the house may do this.");
}

/** The `:id` of a route. @throws HttpError where it cannot be one */
export function idParam(context: ApiContext): string {
  const checked = Id.safeParse(context.req.param("id"));
  if (!checked.success) throw new HttpError("not-found", "There is nothing of that name.");
  return checked.data;
}
