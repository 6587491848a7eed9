/** Makes a link by which someone joins a running session, to play or to watch. */
import { useState } from "preact/hooks";
import type { Invite } from "../../src/protocol/api.ts";
import { api, messageOf } from "../state/api.ts";
import { Notice } from "./controls.tsx";
import { Icon } from "./icons.tsx";
import { QrCode } from "./qr_code.tsx";

export function InviteBox({ sessionId }: { sessionId: string }) {
  const [invite, setInvite] = useState<Invite>();
  const [copied, setCopied] = useState(false);
  const [error, setError] = useState<string>();

  const create = async (role: "player" | "spectator") => {
    setError(undefined);
    setCopied(false);
    try {
      setInvite(await api.invite(sessionId, role));
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  const link = invite && new URL(invite.url, location.origin).href;
  const copy = async () => {
    await navigator.clipboard?.writeText(link!).then(() => setCopied(true), () => {});
  };
  return (
    <div class="invite">
      <div class="actions">
        <button type="button" onClick={() => create("player")} data-testid="invite-create">
          <Icon name="gamepad" /> Invite to play
        </button>
        <button type="button" onClick={() => create("spectator")} data-testid="invite-spectator">
          <Icon name="people" /> Invite to watch
        </button>
      </div>
      {link && (
        <div class="invite-result">
          <QrCode text={link} label="Invitation" />
          <div>
            <input
              readOnly
              value={link}
              data-testid="invite-link"
              aria-label="Invitation link"
              onFocus={(event) => event.currentTarget.select()}
            />
            <div class="actions">
              <button type="button" onClick={copy}>
                <Icon name="link" /> {copied ? "Copied" : "Copy the link"}
              </button>
              {"share" in navigator && (
                <button
                  type="button"
                  onClick={() => navigator.share({ title: "Join me", url: link }).catch(() => {})}
                >
                  Share
                </button>
              )}
            </div>
            <p class="field-hint">
              Valid until {new Date(invite.expiresAt).toLocaleTimeString([], {
                hour: "2-digit",
                minute: "2-digit",
              })}
            </p>
          </div>
        </div>
      )}
      {error && <Notice kind="error">{error}</Notice>}
    </div>
  );
}
