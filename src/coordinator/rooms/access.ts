import type { SessionInfo } from "../../protocol/session.ts";
import type { Identity } from "../accounts/accounts.ts";

/** By what somebody takes part in a session. */
export type Grant = "own" | "invite" | "sharing";

/** Who takes part in a session. */
export interface Participant {
  name: string;
  role: "player" | "spectator";
  grant: Grant;
  /** Absent for a guest. */
  userId?: string;
  /** The invitation that they came by. */
  inviteId?: string;
}

const SHARED_ROLE = { private: undefined, watch: "spectator", join: "player" } as const;

/** How somebody may take part in a session: undefined where not at all. The most wins. */
export function participation(
  session: SessionInfo,
  { user, guest }: Identity,
): Participant | undefined {
  if (user && user.id === session.owner) {
    return { name: user.name, role: "player", grant: "own", userId: user.id };
  }
  const invited = guest?.sessionId === session.id ? guest : undefined;
  const shared = user && SHARED_ROLE[session.sharing];
  if (shared && (shared === "player" || invited?.role !== "player")) {
    return { name: user.name, role: shared, grant: "sharing", userId: user.id };
  }
  if (!invited) return undefined;
  const { inviteId, role } = invited;
  return { name: user?.name ?? invited.name, role, grant: "invite", userId: user?.id, inviteId };
}

/** Whether a session as it is now still lets somebody be what its sharing made them. */
export function stillShared({ sharing }: SessionInfo, role: Participant["role"]): boolean {
  return sharing === "join" || (sharing === "watch" && role === "spectator");
}

/** Whether somebody may learn that a session runs: who takes part, and the house's owners. */
export function mayKnow(session: SessionInfo, identity: Identity): boolean {
  return identity.user?.role === "owner" || participation(session, identity) !== undefined;
}
