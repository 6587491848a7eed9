/** Makes links by which friends join a running session, to play or to watch, and takes them back. */
import { useEffect, useState } from "preact/hooks";
import type { Invite, InviteInfo } from "../../src/protocol/api.ts";
import { api, messageOf } from "../state/api.ts";
import { Choice, Notice } from "./controls.tsx";
import { Icon } from "./icons.tsx";
import { InviteList } from "./invite_list.tsx";
import { QrCode } from "./qr_code.tsx";

const USES = [1, 2, 4, 8].map((value) => ({
  value,
  label: value === 1 ? "One friend" : `${value} friends`,
  testId: `invite-uses-${value}`,
}));
const HOURS = [
  { value: 1, label: "1 hour", testId: "invite-hours-1" },
  { value: 24, label: "1 day", testId: "invite-hours-24" },
];

export function InviteBox({ sessionId }: { sessionId: string }) {
  const [uses, setUses] = useState(1);
  const [hours, setHours] = useState(24);
  const [invite, setInvite] = useState<Invite>();
  const [open, setOpen] = useState<InviteInfo[]>([]);
  const [copied, setCopied] = useState(false);
  const [error, setError] = useState<string>();
  const failed = (failure: unknown) => setError(messageOf(failure));
  const load = () => api.invites(sessionId).then(setOpen, failed);
  useEffect(() => void load(), [sessionId]);

  const create = async (role: "player" | "spectator") => {
    setError(undefined);
    setCopied(false);
    try {
      setInvite(await api.invite(sessionId, { role, uses, hours }));
    } catch (failure) {
      failed(failure);
    }
    load();
  };
  const link = invite && new URL(invite.url, location.origin).href;
  const copy = async () => {
    await navigator.clipboard?.writeText(link!).then(() => setCopied(true), () => {});
  };
  const revoked = (id: string) => {
    if (invite?.id === id) setInvite(undefined);
    load();
  };
  return (
    <div class="invite">
      <Choice label="For" options={USES} value={uses} onChange={setUses} />
      <Choice label="Valid for" options={HOURS} value={hours} onChange={setHours} />
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
            <p class="field-hint">It is shown this once, and ends with the game.</p>
          </div>
        </div>
      )}
      <InviteList invites={open} onRevoked={revoked} onError={failed} />
      {error && <Notice kind="error">{error}</Notice>}
    </div>
  );
}
