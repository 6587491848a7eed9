/** Open invitations, each with what takes it back. */
import type { InviteInfo } from "../../src/protocol/api.ts";
import { api } from "../state/api.ts";
import { sessions } from "../state/house.ts";
import { Icon } from "./icons.tsx";

interface Props {
  invites: InviteInfo[];
  /** Names the game of each. */
  titled?: boolean;
  onRevoked: (id: string) => void;
  onError: (error: unknown) => void;
}

export function InviteList({ invites, titled, onRevoked, onError }: Props) {
  if (invites.length === 0) return null;
  const revoke = (id: string) => api.revokeInvite(id).then(() => onRevoked(id), onError);
  return (
    <ul class="people invites" data-testid="invites" aria-label="Open invitations">
      {invites.map((invite) => {
        const session = titled && sessions.value.find(({ id }) => id === invite.sessionId);
        const what = invite.role === "player" ? "To play" : "To watch";
        return (
          <li key={invite.id} data-testid={`invite-${invite.id}`}>
            <span class="who" aria-hidden="true">
              <Icon name={invite.role === "player" ? "gamepad" : "people"} />
            </span>
            <span class="person">
              <strong>{session ? `${what}: ${session.title}` : what}</strong>
              <span>{describe(invite)}</span>
            </span>
            <button
              type="button"
              class="icon-button"
              aria-label="Take this invitation back"
              data-testid={`invite-revoke-${invite.id}`}
              onClick={() => revoke(invite.id)}
            >
              <Icon name="trash" />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

function describe({ guests, uses, expiresAt }: InviteInfo): string {
  const until = new Date(expiresAt).toLocaleTimeString([], {
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  const left = uses - guests.length;
  const came = guests.length > 0 ? `${guests.join(", ")} came. ` : "";
  if (left === 0) return `${came}Taking it back shows them out.`;
  return `${came}For ${left} ${
    guests.length > 0 ? "more" : left === 1 ? "friend" : "friends"
  }, until ${until}`;
}
