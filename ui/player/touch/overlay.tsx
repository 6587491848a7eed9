/** The on-screen controls over the picture. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { preferences } from "../../state/preferences.ts";
import type { PlayerSession } from "../session.ts";
import { TouchBindings } from "./bindings.ts";
import { controlBox, stickValue, type TouchControl } from "./layout.ts";
import { presetLayout } from "./presets.ts";

export interface ScreenSize {
  width: number;
  height: number;
}

/** The size of an element, kept up to date. */
export function useSize(element: { current: HTMLElement | null }): ScreenSize {
  const [size, setSize] = useState<ScreenSize>({ width: innerWidth, height: innerHeight });
  useEffect(() => {
    const measured = element.current!;
    const measure = () => setSize({ width: measured.clientWidth, height: measured.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(measured);
    return () => observer.disconnect();
  }, []);
  return size;
}

/** The player's own layout, or the preset; keys take the place of pads that do not reach the game. */
export function currentLayout(padsReach = true) {
  const { touchLayout, touchPreset } = preferences.value;
  return touchLayout ??
    presetLayout(touchPreset === "gamepad" && !padsReach ? "retro" : touchPreset);
}

export function TouchOverlay({ session }: { session: PlayerSession }) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const layout = currentLayout(session.padsReach.value.available);
  const bindings = useRef<TouchBindings>(undefined);
  useEffect(() => {
    const created = new TouchBindings(session.sender, session.pads, layout.controls);
    bindings.current = created;
    return () => created.stop();
  }, [session, layout]);
  return (
    <div
      class="touch-overlay"
      data-testid="touch-overlay"
      style={{ "--touch-opacity": layout.opacity }}
      ref={box}
    >
      {layout.controls.map((control) => (
        <Control key={control.id} control={control} size={size} bindings={bindings} />
      ))}
    </div>
  );
}

function Control({ control, size, bindings }: {
  control: TouchControl;
  size: ScreenSize;
  bindings: { current: TouchBindings | undefined };
}) {
  const knob = useRef<HTMLSpanElement>(null);
  const place = controlBox(control, size);
  const listeners = useMemo(() => {
    // The finger that holds this control; others go by.
    let finger: number | undefined;
    const follow = (event: PointerEvent) => {
      const element = event.currentTarget as HTMLElement;
      const bounds = element.getBoundingClientRect();
      const radius = bounds.width / 2;
      const dx = event.clientX - bounds.left - radius;
      const dy = event.clientY - bounds.top - radius;
      const [x, y] = stickValue(dx, dy, radius * 0.8);
      bindings.current?.set(control.id, { pressed: true, x, y }, event.timeStamp);
      if (knob.current) {
        knob.current.style.transform = `translate(${x * radius * 0.55}px, ${y * radius * 0.55}px)`;
      }
    };
    return {
      onPointerDown(event: PointerEvent) {
        event.preventDefault();
        if (finger !== undefined) return;
        finger = event.pointerId;
        const element = event.currentTarget as HTMLElement;
        element.setPointerCapture(finger);
        element.classList.add("pressed");
        navigator.vibrate?.(8);
        follow(event);
      },
      onPointerMove(event: PointerEvent) {
        if (event.pointerId === finger && control.kind !== "button") follow(event);
      },
      onLostPointerCapture(event: PointerEvent) {
        if (event.pointerId !== finger) return;
        finger = undefined;
        (event.currentTarget as HTMLElement).classList.remove("pressed");
        bindings.current?.set(control.id, { pressed: false, x: 0, y: 0 }, event.timeStamp);
        if (knob.current) knob.current.style.transform = "";
      },
    };
  }, [control]);
  const style = {
    left: `${place.left}px`,
    top: `${place.top}px`,
    width: `${place.size}px`,
    height: `${place.size}px`,
    fontSize: `${place.size * 0.26}px`,
  };
  return (
    <div
      class={`touch-control touch-${control.kind}`}
      style={style}
      data-testid={`touch-button-${control.id}`}
      {...listeners}
    >
      <ControlFace control={control} knob={knob} />
    </div>
  );
}

/** What a control looks like; also in the editor. */
export function ControlFace(
  { control, knob }: { control: TouchControl; knob?: { current: HTMLSpanElement | null } },
) {
  if (control.kind === "button") {
    const long = control.label.length > 3;
    return <span class={`touch-label${long ? " touch-label-long" : ""}`}>{control.label}</span>;
  }
  if (control.kind === "stick") return <span class="touch-knob" ref={knob} />;
  return (
    <svg viewBox="0 0 100 100" aria-hidden="true">
      <path d="M36 4h28v32h32v28H64v32H36V64H4V36h32z" />
      <path
        class="touch-arrows"
        d="M50 12l9 12H41zM50 88l9-12H41zM12 50l12-9v18zM88 50l-12-9v18z"
      />
    </svg>
  );
}
