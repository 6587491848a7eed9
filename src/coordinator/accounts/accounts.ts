import type { z } from "zod";
import type {
  ClaimRequest,
  Invite,
  InviteRequest,
  JoinRequest,
  LoginRequest,
  NewUser,
  User,
} from "../../protocol/api.ts";
import { HttpError } from "../http/errors.ts";
import { logger } from "../../system/log.ts";
import { nameKey, type Store, type Ticket, type UserRecord } from "../store/store.ts";
import { attempt } from "./limits.ts";
import { BusyError, hashPassword, verifyPassword } from "./password.ts";
import { hashToken, newClaimCode, newId, newToken, sameClaimCode } from "./token.ts";

const log = logger("security");
export const USER_TICKET_MS = 30 * 86_400_000;
export const GUEST_TICKET_MS = 86_400_000;
/** Open invitations of one session. */
const MAX_INVITES = 32;
const CLAIM_CODE = "claim-code";

export type Guest = Extract<Ticket, { kind: "guest" }>;

/** Who makes a request. Both may be set: a user who came by an invitation. */
export interface Identity {
  user?: UserRecord;
  guest?: Guest;
}

/** A cookie to set. */
export interface Grant {
  token: string;
  maxAgeMs: number;
}

/** Who may do what in the house: the claim, users, cookies and invitations. */
export class Accounts {
  private constructor(readonly store: Store, public claimCode: string | undefined) {}

  static async open(store: Store): Promise<Accounts> {
    const claimed = (await store.users()).length > 0;
    const code = claimed ? undefined : await store.settingOr(CLAIM_CODE, newClaimCode());
    return new Accounts(store, code);
  }

  async claimed(): Promise<boolean> {
    return (await this.store.users()).length > 0;
  }

  /** The first visitor with the claim code becomes the owner. */
  async claim(
    request: z.output<typeof ClaimRequest>,
    address: string,
  ): Promise<{ user: UserRecord; grant: Grant }> {
    const counted = await attempt(this.store, "claim", address);
    const code = await this.store.setting(CLAIM_CODE);
    if (code === undefined || await this.claimed()) {
      throw new HttpError("conflict", "This house has an owner already. Sign in instead.");
    }
    if (!sameClaimCode(request.code, code)) {
      log.warn("wrong claim code", { address });
      throw new HttpError(
        "forbidden",
        "That is not the claim code. It is shown where Gamelan was started, and by " +
          "gamelan serve on its next start.",
      );
    }
    const user = await newUser({ ...request, role: "owner" });
    if (!await this.store.createFirstUser(user)) {
      throw new HttpError("conflict", "Somebody else claimed this house at the same moment.");
    }
    await this.store.deleteSetting(CLAIM_CODE);
    this.claimCode = undefined;
    await counted.succeeded();
    log.info("the house was claimed", { user: user.id, address });
    return { user, grant: await this.#grantUser(user) };
  }

  async login(
    { name, password }: z.output<typeof LoginRequest>,
    address: string,
  ): Promise<{ user: UserRecord; grant: Grant }> {
    const counted = await attempt(this.store, "login", address, nameKey(name));
    const user = await this.store.userByName(name);
    if (!await unlessBusy(verifyPassword(password, user?.password)) || !user) {
      log.warn("sign-in refused", { address });
      throw new HttpError("unauthorized", "The name or the password is wrong.");
    }
    await counted.succeeded();
    return { user, grant: await this.#grantUser(user) };
  }

  /**
   * Asks a signed-in user for the password once more, before something that cannot be undone.
   *
   * @throws HttpError where it is wrong
   */
  async confirm(user: UserRecord, password: string, address: string): Promise<void> {
    const counted = await attempt(this.store, "login", address, nameKey(user.name));
    if (!await unlessBusy(verifyPassword(password, user.password))) {
      log.warn("a password was not confirmed", { user: user.id, address });
      throw new HttpError("forbidden", "The password is wrong.");
    }
    await counted.succeeded();
  }

  async forget(tokens: (string | undefined)[]): Promise<void> {
    for (const token of tokens) if (token) await this.store.deleteTicket(hashToken(token));
  }

  async identify(userToken?: string, guestToken?: string): Promise<Identity> {
    const identity: Identity = {};
    const [userTicket, guestTicket] = await Promise.all(
      [userToken, guestToken].map((token) =>
        token && token.length < 100 ? this.store.ticket(hashToken(token)) : undefined
      ),
    );
    if (userTicket?.kind === "user") identity.user = await this.store.userById(userTicket.userId);
    if (guestTicket?.kind === "guest") identity.guest = guestTicket;
    return identity;
  }

  async addUser(request: z.output<typeof NewUser>): Promise<UserRecord> {
    const user = await newUser(request);
    if (!await this.store.createUser(user)) {
      throw new HttpError("conflict", `There is a user ${user.name} already. Choose another name.`);
    }
    return user;
  }

  async removeUser(id: string): Promise<void> {
    switch (await this.store.deleteUser(id)) {
      case "missing":
        throw new HttpError("not-found", "There is no such user.");
      case "last-owner":
        throw new HttpError("conflict", "The house needs an owner: make another one first.");
    }
  }

  /** Makes an invitation; its token is told this once and not kept. */
  async invite(
    sessionId: string,
    { role, uses, hours }: z.output<typeof InviteRequest>,
  ): Promise<Invite> {
    if ((await this.store.invites(sessionId)).length >= MAX_INVITES) {
      throw new HttpError(
        "conflict",
        "This session has too many invitations. Take one back first.",
      );
    }
    const token = newToken();
    const createdAt = Date.now();
    const expiresAt = createdAt + Math.round(hours * 3_600_000);
    const invite = { id: newId("i"), sessionId, role, uses, guests: [], createdAt, expiresAt };
    await this.store.putInvite(hashToken(token), invite);
    return { ...invite, url: `/join#${token}`, token };
  }

  /**
   * Exchanges an invitation for a ticket to its session. A device that came by it before
   * (`present`) comes again without using it up.
   */
  async join(
    { token, name }: z.output<typeof JoinRequest>,
    address: string,
    present: Guest | undefined,
    isOpen: (sessionId: string) => boolean,
  ): Promise<{ sessionId: string; grant?: Grant }> {
    const counted = await attempt(this.store, "join", address);
    const hash = hashToken(token);
    const found = await this.store.invite(hash);
    if (!found || !isOpen(found.sessionId)) throw refusedInvitation(address);
    const { id: inviteId, sessionId, role } = found;
    if (present?.inviteId === inviteId) {
      await counted.succeeded();
      return { sessionId };
    }
    if (!await this.store.useInvite(hash, name)) throw refusedInvitation(address);
    await counted.succeeded();
    const expiresAt = Date.now() + GUEST_TICKET_MS;
    const guest: Guest = { kind: "guest", inviteId, sessionId, role, name, expiresAt };
    const grant = { token: newToken(), maxAgeMs: GUEST_TICKET_MS };
    await this.store.putTicket(hashToken(grant.token), guest);
    // Taken back in this moment: what was done about its guests then did not know of this one.
    if (!await this.store.invite(hash)) {
      await this.store.deleteTicket(hashToken(grant.token));
      throw refusedInvitation(address);
    }
    return { sessionId, grant };
  }

  async #grantUser(user: UserRecord): Promise<Grant> {
    const grant = { token: newToken(), maxAgeMs: USER_TICKET_MS };
    const expiresAt = Date.now() + USER_TICKET_MS;
    await this.store.putTicket(hashToken(grant.token), {
      kind: "user",
      userId: user.id,
      expiresAt,
    });
    return grant;
  }
}

async function newUser({ name, password, role }: z.output<typeof NewUser>): Promise<UserRecord> {
  const hash = await unlessBusy(hashPassword(password));
  return { id: newId("u"), name, role, password: hash, createdAt: Date.now() };
}

function refusedInvitation(address: string): HttpError {
  log.warn("invitation refused", { address });
  return new HttpError("forbidden", "This invitation is not valid any more. Ask for a new one.");
}

async function unlessBusy<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    throw new HttpError("rate-limited", "Too many sign-ins at a time. Try again in a moment.", {
      "retry-after": "5",
    });
  }
}

/** What others may know of a user. */
export function publicUser({ id, name, role }: UserRecord): User {
  return { id, name, role };
}
