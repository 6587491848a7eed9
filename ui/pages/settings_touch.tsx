/** The editor of on-screen controls: drag to move, choose and grow or shrink, keep. */
import { useRef, useState } from "preact/hooks";
import { Choice } from "../components/controls.tsx";
import { Icon } from "../components/icons.tsx";
import {
  controlBox,
  moveControl,
  removeControl,
  resizeControl,
  type TouchControl,
  type TouchLayout,
} from "../player/touch/layout.ts";
import { ControlFace, currentLayout, useSize } from "../player/touch/overlay.tsx";
import { TOUCH_PRESETS } from "../player/touch/presets.ts";
import { preferences, setPreferences } from "../state/preferences.ts";

const NUDGE = 0.02;
const GROW = 1.12;

export function TouchSettings() {
  const { touchOverlay, touchPreset } = preferences.value;
  return (
    <>
      <Choice
        label="Show on-screen controls"
        value={touchOverlay}
        onChange={(value) => setPreferences({ touchOverlay: value })}
        options={[
          { value: null, label: "On touch screens", testId: "touch-overlay-auto" },
          { value: true, label: "Always", testId: "touch-overlay-on" },
          { value: false, label: "Never", testId: "touch-overlay-off" },
        ]}
      />
      <Choice
        label="Start from"
        value={touchPreset}
        onChange={(id) => setPreferences({ touchPreset: id, touchLayout: null })}
        options={TOUCH_PRESETS.map((preset) => ({
          value: preset.id,
          label: preset.title,
          testId: `touch-preset-${preset.id}`,
        }))}
      />
      <TouchEditor />
    </>
  );
}

function TouchEditor() {
  const screen = useRef<HTMLDivElement>(null);
  const size = useSize(screen);
  const [chosen, setChosen] = useState<string>();
  const layout = currentLayout();
  const keep = (touchLayout: TouchLayout) => setPreferences({ touchLayout });
  const control = layout.controls.find(({ id }) => id === chosen);

  const nudge = (event: KeyboardEvent, moved: TouchControl) => {
    const steps: Record<string, [number, number]> = {
      ArrowLeft: [-NUDGE, 0],
      ArrowRight: [NUDGE, 0],
      ArrowUp: [0, -NUDGE],
      ArrowDown: [0, NUDGE],
    };
    const step = steps[event.key];
    // Only a chosen control moves; otherwise the arrows go through the page.
    if (!step || chosen !== moved.id) return;
    event.preventDefault();
    keep(moveControl(layout, moved.id, moved.x + step[0], moved.y + step[1]));
  };
  const drag = (event: PointerEvent, moved: TouchControl) => {
    const element = event.currentTarget as HTMLElement;
    if (!element.hasPointerCapture(event.pointerId)) return;
    const bounds = screen.current!.getBoundingClientRect();
    keep(moveControl(
      currentLayout(),
      moved.id,
      (event.clientX - bounds.left) / bounds.width,
      (event.clientY - bounds.top) / bounds.height,
    ));
  };
  return (
    <div class="touch-editor">
      <div
        class="touch-editor-screen"
        ref={screen}
        style={{ "--touch-opacity": layout.opacity }}
        data-testid="touch-editor"
        onPointerDown={(event) => event.target === event.currentTarget && setChosen(undefined)}
      >
        {layout.controls.map((entry) => {
          const place = controlBox(entry, size);
          return (
            <button
              key={entry.id}
              type="button"
              class={`touch-control touch-${entry.kind}${entry.id === chosen ? " chosen" : ""}`}
              aria-label={entry.kind === "button" ? `Button ${entry.label}` : entry.id}
              aria-pressed={entry.id === chosen}
              data-testid={`touch-edit-${entry.id}`}
              style={{
                left: `${place.left}px`,
                top: `${place.top}px`,
                width: `${place.size}px`,
                height: `${place.size}px`,
                fontSize: `${place.size * 0.26}px`,
              }}
              onClick={(event) => {
                // Keys and pads choose and let go; a finger has chosen by touching already.
                if (event.detail === 0) setChosen(chosen === entry.id ? undefined : entry.id);
              }}
              onKeyDown={(event) => nudge(event, entry)}
              onPointerDown={(event) => {
                setChosen(entry.id);
                event.currentTarget.setPointerCapture(event.pointerId);
              }}
              onPointerMove={(event) => drag(event, entry)}
            >
              <ControlFace control={entry} />
            </button>
          );
        })}
      </div>
      <div class="touch-editor-tools">
        <label class="slider">
          <span>Visibility</span>
          <input
            type="range"
            min="0.1"
            max="1"
            step="0.05"
            value={layout.opacity}
            data-testid="touch-opacity"
            onInput={(event) => keep({ ...layout, opacity: event.currentTarget.valueAsNumber })}
          />
        </label>
        <div class="actions">
          <button
            type="button"
            disabled={!control}
            onClick={() => keep(resizeControl(layout, control!.id, GROW))}
          >
            Larger
          </button>
          <button
            type="button"
            disabled={!control}
            onClick={() => keep(resizeControl(layout, control!.id, 1 / GROW))}
          >
            Smaller
          </button>
          <button
            type="button"
            disabled={!control}
            onClick={() => keep(removeControl(layout, control!.id))}
          >
            <Icon name="trash" /> Take away
          </button>
          <button type="button" onClick={() => setPreferences({ touchLayout: null })}>
            Reset
          </button>
        </div>
        <p class="field-hint">
          {control
            ? "Drag it, or move it with the arrow keys."
            : "Touch a control to change it. It is kept on this device."}
        </p>
      </div>
    </div>
  );
}
