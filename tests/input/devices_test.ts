import assert from "node:assert/strict";
import {
  ABS_HAT0X,
  ABS_HAT0Y,
  ABS_RZ,
  ABS_X,
  ABS_Y,
  ABS_Z,
  BTN_SOUTH,
  EV_ABS,
  EV_KEY,
  EV_SYN,
  type EventTriple,
  FF_GAIN,
  FF_RUMBLE,
  SYN_REPORT,
  UI_ABS_SETUP,
  UI_DEV_CREATE,
  UI_DEV_DESTROY,
  UI_DEV_SETUP,
  UI_SET_ABSBIT,
  UI_SET_EVBIT,
  UI_SET_FFBIT,
  UI_SET_KEYBIT,
  UI_SET_PHYS,
} from "../../ffi/uinput.ts";
import { createInputDevices } from "../../src/input/devices.ts";
import { encodeInput, type InputEvent, type PadState } from "../../src/protocol/input.ts";
import { RecordingSystem } from "./recording_system.ts";

const report: EventTriple = [EV_SYN, SYN_REPORT, 0];

function padState(pad: number, changes: Partial<PadState>): InputEvent {
  const rest = { buttons: 0, axes: [0, 0, 0, 0], triggers: [0, 0] } as const;
  return { ...structuredClone(rest), kind: "pad-state", timeMs: 0, pad, ...changes } as PadState;
}

const connect = (pad: number): InputEvent => ({
  kind: "pad-connect",
  timeMs: 0,
  pad,
  name: "Some pad",
  rumble: true,
});

async function session(seat?: ("keyboard" | "mouse" | "tablet" | "touch")[]) {
  const system = new RecordingSystem();
  const devices = await createInputDevices({ runDir: "/run/x", sessionId: "s1", seat, system });
  const input = (event: InputEvent) => devices.input(encodeInput(event));
  return { system, devices, input };
}

Deno.test("a gamepad appears as an Xbox 360 pad and disappears again", async () => {
  const { system, devices, input } = await session();
  assert.deepEqual([devices.available, devices.directory], [true, "/run/x/input"]);
  assert.equal(system.files.length, 0);
  input(connect(0));
  const [file] = system.files;
  const made = file.controls.map(([request]) => request);
  const count = (request: number) => made.filter((other) => other === request).length;
  assert.deepEqual(
    [UI_SET_EVBIT, UI_SET_KEYBIT, UI_SET_ABSBIT, UI_SET_FFBIT, UI_ABS_SETUP].map(count),
    [3, 11, 8, 1, 8],
  );
  // Everything is described before the device is created (Documentation/input/uinput.rst).
  assert.deepEqual(made.slice(-4, -1), [UI_SET_PHYS, UI_DEV_SETUP, UI_DEV_CREATE]);
  assert.ok(made.indexOf(UI_ABS_SETUP) < made.indexOf(UI_DEV_SETUP));
  const setup = file.controls.find(([request]) => request === UI_DEV_SETUP)![1] as string;
  assert.equal(setup.slice(0, 16), "03005e048e021401");
  assert.ok(system.paths.has("/run/x/input/event10") && system.paths.has("/run/x/input/js0"));
  input({ kind: "pad-disconnect", timeMs: 1, pad: 0 });
  assert.equal(file.closed, true);
  assert.equal(file.controls.at(-1)![0], UI_DEV_DESTROY);
  assert.deepEqual([...system.paths], ["/run/x/input"]);
  await devices.close();
});

Deno.test("a joystick's number is its player's, whatever number the kernel has for it", async () => {
  const { system, devices, input } = await session(["keyboard", "mouse", "tablet", "touch"]);
  const names = () => [...system.paths].map((path) => path.slice("/run/x/".length)).sort();
  // The kernel takes touch screens for joysticks too; to the game they are none.
  const seat = ["input", "input/event10", "input/event11", "input/event12", "input/event13"];
  assert.deepEqual(names(), seat);
  input(connect(2));
  input(connect(0));
  assert.deepEqual(names(), [...seat, "input/event14", "input/event15", "input/js0", "input/js2"]);
  input({ kind: "pad-disconnect", timeMs: 1, pad: 2 });
  assert.deepEqual(names(), [...seat, "input/event15", "input/js0"]);
  await devices.close();
});

Deno.test("only what changed is sent, with one report", async () => {
  const { system, devices, input } = await session();
  input(connect(2));
  const { sent } = system.files[0];
  const expect = (changes: Partial<PadState>, events: EventTriple[]) => {
    sent.length = 0;
    input(padState(2, changes));
    assert.deepEqual(sent, events.length ? [...events, report] : []);
  };
  expect({ buttons: 1 }, [[EV_KEY, BTN_SOUTH, 1]]);
  expect({ buttons: 1 }, []);
  expect({ buttons: 1, axes: [-1, 1, 0, 0] }, [[EV_ABS, ABS_X, -32768], [EV_ABS, ABS_Y, 32767]]);
  expect({}, [[EV_KEY, BTN_SOUTH, 0], [EV_ABS, ABS_X, 0], [EV_ABS, ABS_Y, 0]]);
  expect({ triggers: [0, 1] }, [[EV_ABS, ABS_RZ, 255]]);
  expect({ buttons: 1 << 6 }, [[EV_ABS, ABS_Z, 255], [EV_ABS, ABS_RZ, 0]]);
  expect({ buttons: 1 << 12 | 1 << 15 }, [
    [EV_ABS, ABS_Z, 0],
    [EV_ABS, ABS_HAT0X, 1],
    [EV_ABS, ABS_HAT0Y, -1],
  ]);
  await devices.close();
});

Deno.test("each of the sixteen standard buttons and the guide button has its event", async () => {
  const { system, devices, input } = await session();
  input(connect(0));
  const seen = new Set<string>();
  for (let button = 0; button <= 16; button++) {
    system.files[0].sent.length = 0;
    input(padState(0, { buttons: 1 << button }));
    const pressed = system.files[0].sent.filter(([type, , value]) =>
      type !== EV_SYN && value !== 0
    );
    assert.equal(pressed.length, 1, `button ${button}`);
    seen.add(pressed[0].join());
  }
  assert.equal(seen.size, 17);
  await devices.close();
});

/** struct ff_effect for rumble. */
function rumbleEffect(
  id: number,
  strong: number,
  weak: number,
  lengthMs: number,
  type = FF_RUMBLE,
) {
  const bytes = new Uint8Array(48);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, type, true);
  view.setInt16(2, id, true);
  view.setUint16(10, lengthMs, true);
  view.setUint16(16, strong, true);
  view.setUint16(18, weak, true);
  return bytes;
}

Deno.test("an uploaded effect is acknowledged and reaches the slot's player when it is played", async () => {
  const { system, devices, input } = await session();
  const heard: number[][] = [];
  devices.onRumble = (...rumble) => heard.push(rumble);
  input(connect(3));
  const [file] = system.files;
  assert.equal(file.gameUploads(1, rumbleEffect(0, 0xffff, 0, 200)), 0);
  assert.equal(file.gameUploads(2, rumbleEffect(1, 0, 0xffff, 0)), 0);
  file.gameSends(0, 1);
  file.gameSends(1, 1);
  file.gameSends(1, 0);
  file.gameSends(0, 2);
  file.gameSends(FF_GAIN, 0);
  file.gameSends(0, 1);
  assert.deepEqual(heard, [
    [3, 1, 0, 200],
    [3, 0, 1, 5000],
    [3, 0, 0, 0],
    [3, 1, 0, 400],
    [3, 0, 0, 200],
  ]);
  heard.length = 0;
  assert.equal(file.gameErases(3, 0), 0);
  file.gameSends(0, 1);
  file.gameSends(77, 1);
  assert.deepEqual(heard, []);
  await devices.close();
});

Deno.test("an effect that is not rumble is refused with EINVAL", async () => {
  const { system, devices, input } = await session();
  input(connect(0));
  assert.equal(system.files[0].gameUploads(1, rumbleEffect(0, 1, 1, 1, 0x51)), -22);
  await devices.close();
});

Deno.test("keyboard, mouse and touch reach evdev readers where they are asked for", async () => {
  const { system, devices, input } = await session(["keyboard", "mouse", "tablet", "touch"]);
  assert.equal(system.files.length, 4);
  const [keyboard, mouse, tablet, touch] = system.files;
  input({ kind: "key", timeMs: 0, code: 30, down: true });
  assert.deepEqual(keyboard.sent, [[1, 30, 1], report]);
  input({ kind: "pointer-relative", timeMs: 0, dx: 1.5, dy: -0.25 });
  input({ kind: "pointer-relative", timeMs: 0, dx: 0.5, dy: -0.75 });
  assert.deepEqual(mouse.sent, [[2, 0, 1], report, [2, 0, 1], [2, 1, -1], report]);
  mouse.sent.length = 0;
  input({ kind: "wheel", timeMs: 0, dx: 0, dy: 60 });
  input({ kind: "wheel", timeMs: 0, dx: 0, dy: 60 });
  assert.deepEqual(mouse.sent, [[2, 11, -60], report, [2, 11, -60], [2, 8, -1], report]);
  input({ kind: "pointer-absolute", timeMs: 0, x: 1, y: 0 });
  assert.deepEqual(tablet.sent, [[3, 0, 65535], [3, 1, 0], report]);
  const at = { kind: "touch", timeMs: 0, id: 4, x: 0, y: 1 } as const;
  input({ ...at, phase: "down" });
  assert.deepEqual(touch.sent, [
    [3, 0x2f, 4],
    [3, 0x39, 0],
    [1, 0x14a, 1],
    [3, 0x35, 0],
    [3, 0x36, 65535],
    [3, 0, 0],
    [3, 1, 65535],
    report,
  ]);
  touch.sent.length = 0;
  input({ ...at, phase: "cancel" });
  input({ ...at, phase: "move" });
  assert.deepEqual(touch.sent, [[3, 0x2f, 4], [3, 0x39, -1], [1, 0x14a, 0], report]);
  await devices.close();
  assert.ok(system.files.every((file) => file.closed));
});

Deno.test("closing removes every device, node and the directory, and later input is ignored", async () => {
  const { system, devices, input } = await session(["keyboard"]);
  for (let pad = 0; pad < 4; pad++) input(connect(pad));
  assert.equal(system.files.length, 5);
  await devices.close();
  await devices.close();
  assert.equal(system.paths.size, 0);
  assert.ok(system.files.every((file) => file.closed && file.onReadable === undefined));
  input(padState(0, { buttons: 1 }));
  input(connect(1));
  assert.equal(system.files.length, 5);
});

Deno.test("a machine that cannot make devices says so plainly and takes input without effect", async () => {
  const system = new RecordingSystem();
  system.missing = "/dev/uinput: No such file or directory";
  const settings = { runDir: "/run/x", sessionId: "s1", system };
  const devices = await createInputDevices(settings);
  assert.equal(devices.available, false);
  assert.equal(
    devices.reason,
    "Gamepads cannot be used on this machine: /dev/uinput: No such file or directory.",
  );
  devices.input(encodeInput(connect(0)));
  await devices.close();
  system.missing = undefined;
  system.failDirectory = true;
  assert.match((await createInputDevices(settings)).reason!, /no room/);
});

Deno.test("a device that the kernel refuses leaves nothing open and the session goes on", async () => {
  const { system, devices, input } = await session();
  const refused: string[] = [];
  devices.onError = (message) => refused.push(message);
  system.failing = UI_DEV_CREATE;
  input(connect(0));
  assert.deepEqual([system.files[0].closed, system.paths.size], [true, 1]);
  assert.deepEqual(refused, [`request 0x${UI_DEV_CREATE.toString(16)} refused`]);
  input(padState(0, { buttons: 1 }));
  system.failing = undefined;
  input(connect(0));
  input(padState(0, { buttons: 1 }));
  assert.deepEqual(system.files[1].sent, [[EV_KEY, BTN_SOUTH, 1], report]);
  await devices.close();
});
