/**
 * Requests to the house's API. Every answer is validated; every failure is an {@linkcode ApiFailure}
 * whose message can be shown to the player.
 */
import { z } from "zod";
import {
  ApiError,
  type ClaimRequest,
  HouseState,
  Invite,
  InviteInfo,
  type InviteRequest,
  LibraryState,
  type LoginRequest,
  type NewUser,
  NodeInfo,
  type PlayRequest,
  TrustInfo,
  User,
} from "../../src/protocol/api.ts";
import { ImportJob } from "../../src/protocol/library.ts";
import { SessionInfo, type Sharing } from "../../src/protocol/session.ts";

/** `error` is the API's word, or "offline" where the house did not answer. */
export class ApiFailure extends Error {
  override name = "ApiFailure";
  constructor(readonly error: ApiError["error"] | "offline", message: string) {
    super(message);
  }
}

/** `body`: bytes are sent as they are, anything else as JSON. @throws ApiFailure */
export async function request<Answer>(
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE",
  path: string,
  answer: z.ZodType<Answer>,
  body?: unknown,
): Promise<Answer> {
  let response: Response;
  let json: unknown;
  const raw = body instanceof Blob;
  try {
    response = await fetch(`/api${path}`, {
      method,
      headers: body === undefined || raw ? undefined : { "content-type": "application/json" },
      body: body === undefined || raw ? body : JSON.stringify(body),
    });
    json = await response.json().catch(() => undefined);
  } catch {
    throw new ApiFailure(
      "offline",
      "The house is not answering. Check that the machine is on and that you are in its network.",
    );
  }
  if (!response.ok) {
    const failure = ApiError.safeParse(json);
    if (failure.success) throw new ApiFailure(failure.data.error, failure.data.message);
    throw new ApiFailure("internal", `The house answered with an error (${response.status}).`);
  }
  const parsed = answer.safeParse(json);
  if (!parsed.success) {
    console.error(`unexpected answer to ${method} ${path}`, parsed.error);
    throw new ApiFailure(
      "internal",
      "The house answered something this page does not know. Reload the page.",
    );
  }
  return parsed.data;
}

const Nothing = z.unknown();
const part = encodeURIComponent;

export const api = {
  state: () => request("GET", "/state", HouseState),
  claim: (body: z.input<typeof ClaimRequest>) => request("POST", "/claim", User, body),
  login: (body: z.input<typeof LoginRequest>) => request("POST", "/login", User, body),
  logout: () => request("POST", "/logout", Nothing, {}),
  library: () => request("GET", "/library", LibraryState),
  importGame: (source: string) => request("POST", "/imports", ImportJob, { source }),
  removeGame: (id: string) => request("DELETE", `/games/${part(id)}`, Nothing),
  sessions: () => request("GET", "/sessions", z.array(SessionInfo)),
  session: (id: string) => request("GET", `/sessions/${part(id)}`, SessionInfo),
  play: (body: z.input<typeof PlayRequest>) => request("POST", "/sessions", SessionInfo, body),
  endSession: (id: string) => request("DELETE", `/sessions/${part(id)}`, Nothing),
  share: (id: string, sharing: Sharing) =>
    request("PATCH", `/sessions/${part(id)}`, SessionInfo, { sharing }),
  invite: (id: string, body: z.input<typeof InviteRequest>) =>
    request("POST", `/sessions/${part(id)}/invites`, Invite, body),
  /** Of one session, or of all that one may manage. */
  invites: (id?: string) =>
    request("GET", id ? `/sessions/${part(id)}/invites` : "/invites", z.array(InviteInfo)),
  revokeInvite: (id: string) => request("DELETE", `/invites/${part(id)}`, Nothing),
  join: (token: string, name: string) => request("POST", "/join", SessionInfo, { token, name }),
  users: () => request("GET", "/users", z.array(User)),
  addUser: (body: z.input<typeof NewUser>) => request("POST", "/users", User, body),
  removeUser: (id: string) => request("DELETE", `/users/${part(id)}`, Nothing),
  nodes: () => request("GET", "/nodes", z.array(NodeInfo)),
  trust: () => request("GET", "/trust", TrustInfo),
};

/** The sentence to show for anything thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiFailure) return error.message;
  return error instanceof Error ? error.message : String(error);
}
