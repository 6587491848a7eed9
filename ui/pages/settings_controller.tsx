/** A test of what the browser sees of each gamepad. */
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../components/icons.tsx";
import { Notice } from "../components/controls.tsx";
import { PAD_BUTTON_NAMES, type PadSnapshot, readPad } from "../gamepad/mapping.ts";
import { connectedPads, readGamepads } from "../gamepad/poller.ts";

export function ControllerSettings() {
  const pads = connectedPads.value;
  return (
    <>
      {!isSecureContext && (
        <Notice kind="warning">
          Browsers give gamepads to secure pages only. <a href="/trust">Set up HTTPS</a>{" "}
          for this device.
        </Notice>
      )}
      {pads.length === 0
        ? (
          <div class="empty">
            <span class="empty-icon">
              <Icon name="gamepad" />
            </span>
            <h3>No gamepad yet</h3>
            <p>Connect one by USB or Bluetooth and press any button on it.</p>
          </div>
        )
        : pads.map((pad) => <PadTest key={pad.index} index={pad.index} name={pad.id} />)}
    </>
  );
}

function PadTest({ index, name }: { index: number; name: string }) {
  const [state, setState] = useState<PadSnapshot>();
  const [mapping, setMapping] = useState("");
  useEffect(() => {
    let frame = 0;
    const read = () => {
      const pad = readGamepads().find((candidate) => candidate.index === index);
      if (pad) {
        setState(readPad(pad));
        setMapping(pad.mapping);
      }
      frame = requestAnimationFrame(read);
    };
    read();
    return () => cancelAnimationFrame(frame);
  }, [index]);
  if (!state) return null;
  const rumble = () =>
    readGamepads().find((pad) => pad.index === index)?.vibrationActuator
      ?.playEffect("dual-rumble", { duration: 400, strongMagnitude: 0.8, weakMagnitude: 0.6 })
      .catch(() => {});
  const canRumble = connectedPads.value.some((pad) => pad.index === index && pad.rumble);
  return (
    <article class="panel pad-test" data-testid={`pad-test-${index}`}>
      <header>
        <h2>
          <Icon name="gamepad" /> {name.replace(/\s*\(.*\)\s*$/, "")}
        </h2>
        {canRumble && <button type="button" onClick={rumble}>Rumble</button>}
      </header>
      <div class="pad-test-body">
        <Stick title="Left stick" x={state.axes[0]} y={state.axes[1]} />
        <Stick title="Right stick" x={state.axes[2]} y={state.axes[3]} />
        <div class="pad-triggers">
          {["LT", "RT"].map((title, i) => (
            <label key={title}>
              {title}
              <meter min="0" max="1" value={state.triggers[i]} />
            </label>
          ))}
        </div>
        <ul class="pad-buttons">
          {PAD_BUTTON_NAMES.map((title, i) => (
            <li key={title} class={(state.buttons & (1 << i)) !== 0 ? "on" : ""}>{title}</li>
          ))}
        </ul>
      </div>
      {mapping !== "standard" && (
        <Notice kind="warning">
          The browser does not know this model: buttons may be in other places.
        </Notice>
      )}
    </article>
  );
}

function Stick({ title, x, y }: { title: string; x: number; y: number }) {
  return (
    <figure class="pad-stick">
      <svg viewBox="-1.15 -1.15 2.3 2.3" aria-label={`${title}: ${x.toFixed(2)}, ${y.toFixed(2)}`}>
        <circle r="1" />
        <path d="M-1 0H1M0-1V1" />
        <circle class="at" cx={x} cy={y} r="0.14" />
      </svg>
      <figcaption>{title}</figcaption>
    </figure>
  );
}
