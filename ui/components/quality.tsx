/** Size, rate and bitrate of the picture, kept for this device. */
import { HEIGHTS, preferences, preferredMode, setPreferences } from "../state/preferences.ts";
import { Choice } from "./controls.tsx";

const HEIGHT_NAMES: Record<number, string> = { 1440: "1440p", 2160: "4K" };
const BITRATES = [3, 8, 15, 30, 60];

/** `onChange` runs after a choice is kept. */
export function QualityChoices({ onChange }: { onChange?: () => void }) {
  const { height, fps, bitrate } = preferences.value;
  const automatic = preferredMode();
  const set = (change: Parameters<typeof setPreferences>[0]) => {
    setPreferences(change);
    onChange?.();
  };
  return (
    <div class="quality" data-testid="quality">
      <Choice
        label="Size"
        value={height}
        onChange={(value) => set({ height: value })}
        options={[
          {
            value: null,
            label: height === null ? `Auto (${automatic.height}p)` : "Auto",
            testId: "quality-size-auto",
          },
          ...HEIGHTS.map((value) => ({
            value: value as number | null,
            label: HEIGHT_NAMES[value] ?? `${value}p`,
            testId: `quality-size-${value}`,
          })),
        ]}
      />
      <Choice
        label="Pictures a second"
        value={fps}
        onChange={(value) => set({ fps: value })}
        options={([null, 30, 60, 120] as const).map((value) => ({
          value,
          label: value === null ? "Auto" : String(value),
          testId: `quality-fps-${value ?? "auto"}`,
        }))}
      />
      <Choice
        label="Bitrate, Mbit/s"
        value={bitrate}
        onChange={(value) => set({ bitrate: value })}
        options={[null, ...BITRATES].map((value) => ({
          value,
          label: value === null ? "Auto" : String(value),
          testId: `quality-bitrate-${value ?? "auto"}`,
        }))}
      />
    </div>
  );
}
