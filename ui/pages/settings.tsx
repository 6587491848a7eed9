/** Settings: what this device likes, and for the owner who may play and what the machine can do. */
import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Icon, type IconName } from "../components/icons.tsx";
import { api } from "../state/api.ts";
import { house, isOwner, library, loadHouse, nodes, sessions } from "../state/house.ts";
import { navigate, type SettingsSection } from "../state/router.ts";
import { BackupSettings } from "./settings_backup.tsx";
import { ControllerSettings } from "./settings_controller.tsx";
import { KeyboardSettings } from "./settings_keyboard.tsx";
import { MachineSettings } from "./settings_machine.tsx";
import { NetworkSettings } from "./settings_network.tsx";
import { PeopleSettings } from "./settings_people.tsx";
import { TouchSettings } from "./settings_touch.tsx";

interface Section {
  id: SettingsSection;
  title: string;
  icon: IconName;
  ownerOnly?: boolean;
  /** Only where the machine is nothing but this house. */
  applianceOnly?: boolean;
  body: ComponentType;
}

const SECTIONS: Section[] = [
  { id: "controller", title: "Gamepads", icon: "gamepad", body: ControllerSettings },
  { id: "touch", title: "Touch controls", icon: "touch", body: TouchSettings },
  { id: "keyboard", title: "Keyboard", icon: "keyboard", body: KeyboardSettings },
  { id: "people", title: "People", icon: "people", ownerOnly: true, body: PeopleSettings },
  { id: "machine", title: "Machine", icon: "machine", ownerOnly: true, body: MachineSettings },
  {
    id: "network",
    title: "Network",
    icon: "wifi",
    ownerOnly: true,
    applianceOnly: true,
    body: NetworkSettings,
  },
  { id: "backup", title: "Backup", icon: "download", ownerOnly: true, body: BackupSettings },
];

export function SettingsPage({ section }: { section: SettingsSection }) {
  const offered = SECTIONS.filter((entry) =>
    (!entry.ownerOnly || isOwner.value) && (!entry.applianceOnly || house.value?.appliance)
  );
  const shown = offered.find((entry) => entry.id === section) ?? offered[0];
  const Body = shown.body;
  const nav = useRef<HTMLElement>(null);
  // On a phone the sections are a row to be pushed sideways.
  useEffect(() => {
    const current = nav.current!.querySelector("[aria-current]");
    current?.scrollIntoView({ block: "nearest", inline: "center", behavior: "instant" });
  }, [shown]);
  return (
    <div class="settings">
      <nav class="settings-nav" aria-label="Settings" ref={nav}>
        {offered.map((entry) => (
          <a
            key={entry.id}
            href={`/settings/${entry.id}`}
            aria-current={entry === shown ? "page" : undefined}
            data-testid={`settings-${entry.id}`}
            data-autofocus={entry === shown ? "" : undefined}
          >
            <Icon name={entry.icon} />
            <span>{entry.title}</span>
          </a>
        ))}
        <a href="/trust" data-testid="settings-trust">
          <Icon name="shield" />
          <span>Trust this house</span>
        </a>
        <button type="button" class="quiet" onClick={signOut} data-testid="logout">
          <Icon name="leave" />
          <span>Sign out</span>
        </button>
      </nav>
      <section class="settings-body" aria-label={shown.title}>
        <h1>{shown.title}</h1>
        <Body />
        <p class="version">Gamelan {house.value?.version}</p>
      </section>
    </div>
  );
}

async function signOut(): Promise<void> {
  await api.logout().catch(() => {});
  library.value = undefined;
  sessions.value = [];
  nodes.value = [];
  navigate("/", { replace: true });
  await loadHouse().catch(() => {});
}
