import type { InviteInfo } from "../../protocol/api.ts";
import type { Capability, GameInfo, ImportJob } from "../../protocol/library.ts";
import type { SessionInfo } from "../../protocol/session.ts";

/**
 * What a house remembers and what its coordinators share. `sqlite.ts` keeps it in a file for one
 * coordinator; `redis.ts` shares it between several. Both pass the same tests.
 *
 * Secrets (cookies, invitations) are stored under the SHA-256 of their token, never as themselves.
 * Times are ms since the epoch.
 */
export interface Store {
  /** Adds the first user; false where the house has one already. Atomic. */
  createFirstUser(user: UserRecord): Promise<boolean>;
  /** Adds a user; false where the name is taken (compared by {@linkcode nameKey}). Atomic. */
  createUser(user: UserRecord): Promise<boolean>;
  userById(id: string): Promise<UserRecord | undefined>;
  userByName(name: string): Promise<UserRecord | undefined>;
  /** By age, oldest first. */
  users(): Promise<UserRecord[]>;
  /** Deletes a user with their tickets. The house's last owner stays. Atomic. */
  deleteUser(id: string): Promise<"deleted" | "missing" | "last-owner">;

  /** What the holder of a cookie may do, until `expiresAt`. */
  putTicket(hash: string, ticket: Ticket): Promise<void>;
  ticket(hash: string): Promise<Ticket | undefined>;
  deleteTicket(hash: string): Promise<void>;

  putInvite(hash: string, invite: InviteRecord): Promise<void>;
  invite(hash: string): Promise<InviteRecord | undefined>;
  /** Lets one more guest in by an invitation; undefined where it has no use left. Atomic. */
  useInvite(hash: string, guest: string): Promise<InviteRecord | undefined>;
  /** Those of a session that have not expired, oldest first. */
  invites(sessionId: string): Promise<InviteRecord[]>;
  /** Deletes an invitation with the tickets of those who came by it; false where there is none. */
  deleteInvite(sessionId: string, id: string): Promise<boolean>;
  deleteInvites(sessionId: string): Promise<void>;

  setting(key: string): Promise<string | undefined>;
  /** Sets where absent and returns what is set afterwards. Atomic. */
  settingOr(key: string, value: string): Promise<string>;
  deleteSetting(key: string): Promise<void>;

  /** Counts an attempt and returns how many there were in the window, and when it ends. */
  countAttempt(key: string, windowMs: number): Promise<{ count: number; resetAt: number }>;
  forgetAttempts(key: string): Promise<void>;

  /** What a node last said of itself; forgotten after `ttlMs`. */
  putNode(record: NodeRecord, ttlMs: number): Promise<void>;
  deleteNode(name: string): Promise<void>;
  nodes(): Promise<NodeRecord[]>;

  /** To the other coordinators of this house, not to the sender itself. */
  publish(message: string): Promise<void>;
  /** `onGap`: messages may have been lost; read `nodes` again. */
  subscribe(listener: (message: string) => void, onGap: () => void): Promise<void>;

  /** Throws where the store cannot be reached. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface UserRecord {
  id: string;
  name: string;
  role: "owner" | "player";
  /** As made by accounts/password.ts. */
  password: string;
  createdAt: number;
}

export type Ticket =
  & { expiresAt: number }
  & (
    | { kind: "user"; userId: string }
    | {
      kind: "guest";
      inviteId: string;
      sessionId: string;
      role: "player" | "spectator";
      name: string;
    }
  );

export type InviteRecord = InviteInfo;

/** A node as coordinators tell each other. */
export interface NodeRecord {
  name: string;
  /** The coordinator that holds its link. */
  home: string;
  version: string;
  load: number;
  freeMemoryMb: number;
  capabilities: Capability[];
  games: GameInfo[];
  imports: ImportJob[];
  sessions: SessionInfo[];
}

/** The store's data is of a newer version than this program, or cannot be opened. */
export class StoreError extends Error {
  override name = "StoreError";
}

/** Names are one where they look the same: Unicode compatibility form, lower case. */
export function nameKey(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase();
}
