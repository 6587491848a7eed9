/** Who may play in this house. */
import { useEffect, useState } from "preact/hooks";
import type { InviteInfo, User } from "../../src/protocol/api.ts";
import { Choice, Field, Notice } from "../components/controls.tsx";
import { Dialog } from "../components/dialog.tsx";
import { InviteList } from "../components/invite_list.tsx";
import { Icon } from "../components/icons.tsx";
import { api, messageOf } from "../state/api.ts";
import { house } from "../state/house.ts";

export function PeopleSettings() {
  const [users, setUsers] = useState<User[]>([]);
  const [error, setError] = useState<string>();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<User>();
  const [invites, setInvites] = useState<InviteInfo[]>([]);
  const failed = (failure: unknown) => setError(messageOf(failure));
  const load = () => {
    api.users().then(setUsers, failed);
    api.invites().then(setInvites, failed);
  };
  useEffect(() => void load(), []);
  const remove = async (user: User) => {
    setRemoving(undefined);
    await api.removeUser(user.id).catch((failure) => setError(messageOf(failure)));
    load();
  };
  return (
    <>
      {error && <Notice kind="error">{error}</Notice>}
      <ul class="people" data-testid="users">
        {users.map((user) => (
          <li key={user.id}>
            <span class="who" aria-hidden="true">{[...user.name][0]?.toUpperCase()}</span>
            <span class="person">
              <strong>{user.name}</strong>
              <span>{user.role === "owner" ? "Owner" : "Player"}</span>
            </span>
            {user.id !== house.value?.user?.id && (
              <button
                type="button"
                class="icon-button"
                aria-label={`Remove ${user.name}`}
                onClick={() => setRemoving(user)}
              >
                <Icon name="trash" />
              </button>
            )}
          </li>
        ))}
      </ul>
      <button type="button" class="primary" onClick={() => setAdding(true)} data-testid="user-add">
        <Icon name="plus" /> Add a person
      </button>
      {invites.length > 0 && <h2>Open invitations</h2>}
      <InviteList invites={invites} titled onRevoked={load} onError={failed} />
      {adding && (
        <AddDialog
          onClose={() => setAdding(false)}
          onAdded={() => {
            setAdding(false);
            load();
          }}
        />
      )}
      {removing && (
        <Dialog
          title={`Remove ${removing.name}?`}
          onClose={() => setRemoving(undefined)}
        >
          <p>They can no longer sign in. Their saves stay on the machine.</p>
          <div class="actions">
            <button type="button" onClick={() => setRemoving(undefined)}>Keep</button>
            <button type="button" class="danger" onClick={() => remove(removing)}>Remove</button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function AddDialog({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [role, setRole] = useState<User["role"]>("player");
  const [error, setError] = useState<string>();
  const add = async (event: Event) => {
    event.preventDefault();
    try {
      await api.addUser({ name: name.trim(), password, role });
      onAdded();
    } catch (failure) {
      setError(messageOf(failure));
    }
  };
  return (
    <Dialog title="Add a person" onClose={onClose}>
      <form onSubmit={add}>
        <Field
          label="Name"
          testId="user-name"
          value={name}
          onInput={setName}
          maxLength={40}
          autofocus
          required
        />
        <Field
          label="Password"
          hint="At least 8 characters"
          testId="user-password"
          type="password"
          autocomplete="new-password"
          value={password}
          onInput={setPassword}
          minLength={8}
          maxLength={200}
          required
        />
        <Choice
          label="They may"
          value={role}
          onChange={setRole}
          options={[
            { value: "player", label: "Play" },
            { value: "owner", label: "Play and manage the house" },
          ]}
        />
        {error && <Notice kind="error">{error}</Notice>}
        <div class="actions">
          <button type="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="primary" data-testid="user-submit">Add</button>
        </div>
      </form>
    </Dialog>
  );
}
