/** Which parts of a house a backup has, or is to bring back. */
import { BackupPart } from "../../src/protocol/machine.ts";
import { formatBytes } from "./controls.tsx";
import { Icon } from "./icons.tsx";

export const partTitles: Record<BackupPart, string> = {
  config: "Configuration",
  users: "People and their passwords",
  identity: "Keys of the house",
  saves: "Saved games",
  games: "Games",
};
const notes: Record<BackupPart, string> = {
  config: "What is set in the configuration file",
  users: "Everybody who may sign in",
  identity: "Devices that trust this house go on trusting it",
  saves: "With their snapshots",
  games: "Large; they can be imported again instead",
};

/** `sizes`: only these parts are offered, with their bytes. */
export function PartList(
  { chosen, onChange, sizes, testId }: {
    chosen: BackupPart[];
    onChange: (parts: BackupPart[]) => void;
    sizes?: Map<BackupPart, number>;
    testId: string;
  },
) {
  const offered = BackupPart.options.filter((part) => sizes?.has(part) ?? true);
  const toggle = (part: BackupPart) =>
    onChange(offered.filter((one) => chosen.includes(one) !== (one === part)));
  return (
    <ul class="parts">
      {offered.map((part) => (
        <li key={part}>
          <button
            type="button"
            role="checkbox"
            aria-checked={chosen.includes(part)}
            onClick={() => toggle(part)}
            data-testid={`${testId}-${part}`}
          >
            <span class="box">{chosen.includes(part) && <Icon name="check" />}</span>
            <span class="network-name">
              <strong>{partTitles[part]}</strong>
              <span>{sizes ? formatBytes(sizes.get(part)!) : notes[part]}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
