/** `gamelan selftest` as an update's gate uses it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { UI_DEV_CREATE } from "../../ffi/uinput.ts";
import { boxSelfTest } from "../../src/cli/box_self_test.ts";
import { createInputDevices } from "../../src/input/devices.ts";
import { KernelInput } from "../../src/input/input_system.ts";
import type { Capability } from "../../src/protocol/library.ts";
import { liveStages } from "../../src/session/live_stages.ts";
import { selfTest } from "../../src/session/self_test.ts";
import { RecordingSystem } from "../input/recording_system.ts";
import { startHouse } from "./house.ts";
import { nothingLeft } from "./leftovers.ts";

async function selftest(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "main.ts", "selftest", "--json", ...args],
  }).output();
  const text = new TextDecoder();
  const out = text.decode(stdout);
  return {
    code,
    rows: (out ? JSON.parse(out) : []) as Capability[],
    err: text.decode(stderr),
  };
}

/** Why this machine has no gamepads; undefined where it has. */
const missing = new KernelInput().unavailable();

const status = (rows: Capability[]) => Object.fromEntries(rows.map((row) => [row.id, row.status]));

Deno.test("the self-test sees a game, its key, an encoded picture and the house, and leaves nothing", async () => {
  await using house = await startHouse();
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-selftest-" });
  try {
    const secure = (await (await fetch(`${house.url}/api/trust`)).json()).httpsUrl;
    for (const url of [house.url, secure]) {
      const { code, rows, err } = await selftest("--data-dir", dataDir, "--house", url);
      assert.equal(code, 0, err + JSON.stringify(rows));
      assert.deepEqual(status(rows), {
        house: "ok",
        game: "ok",
        key: "ok",
        // Any machine may do without, but nobody is to think that it was tried.
        gamepad: missing === undefined ? "ok" : "warning",
        encoder: "ok",
      });
      const pad = rows.find(({ id }) => id === "gamepad")!;
      assert.match(pad.evidence, missing === undefined ? /seen on the picture/ : /\/dev\/uinput/);
      assert.match(rows.find(({ id }) => id === "encoder")!.evidence, /320×180 in .* bytes/);
    }
    await nothingLeft(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("a house that does not answer and a sandbox that does not start fail the self-test", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-selftest-" });
  try {
    const silent = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const { port } = silent.addr as Deno.NetAddr;
    silent.close();
    const url = `http://127.0.0.1:${port}`;
    const lost = await selftest("--data-dir", dataDir, "--house", url, "--patience", "1");
    assert.equal(lost.code, 1);
    assert.equal(status(lost.rows).house, "missing");
    assert.match(lost.rows[0].evidence, /does not answer/);

    // A data directory that is a file: the game's files cannot be laid out.
    const file = join(dataDir, "file");
    await Deno.writeTextFile(file, "");
    const broken = await selftest("--data-dir", join(file, "data"), "--patience", "5");
    assert.equal(broken.code, 1);
    assert.deepEqual(status(broken.rows), { game: "missing" });
    assert.match(broken.rows[0].evidence, /Not a directory/);

    assert.equal((await selftest("--patience", "soon")).code, 2);
    assert.equal((await selftest("--house", "gopher://x")).code, 2);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

/** A kernel that answers as a test wants. Devices that it makes are nothing that a game could open. */
class PlayedSystem extends RecordingSystem {
  override async makeDirectory(path: string): Promise<void> {
    await super.makeDirectory(path);
    await Deno.mkdir(path);
  }
}

/** The self-test of an appliance whose uinput is such. */
async function withSystem(system: PlayedSystem, requireGamepad = true): Promise<Capability[]> {
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-selftest-" });
  const stages: typeof liveStages = {
    ...liveStages,
    devices: (places) => createInputDevices({ ...places, system }),
  };
  try {
    return await selfTest({ dataDir, patienceMs: 20_000, requireGamepad, stages });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

const kernels: [string, (system: PlayedSystem) => void, RegExp][] = [
  [
    "is not there",
    (system) => system.missing = "/dev/uinput: No such device",
    /^Gamepads cannot be used on this machine: \/dev\/uinput: No such device\.$/,
  ],
  [
    "makes no device",
    (system) => system.failing = UI_DEV_CREATE,
    /^request 0x[0-9a-f]+ refused$/,
  ],
  [
    "makes devices that no game sees",
    () => {},
    /the press on the picture did not come within 20 s/,
  ],
];

for (const [what, breakIt, reason] of kernels) {
  Deno.test(`an appliance whose uinput ${what} fails the self-test, which says so`, async () => {
    const system = new PlayedSystem();
    breakIt(system);
    const rows = await withSystem(system);
    assert.deepEqual(status(rows), { game: "ok", key: "ok", gamepad: "missing", encoder: "ok" });
    assert.match(rows.find(({ id }) => id === "gamepad")!.evidence, reason);
  });
}

Deno.test("on a machine that is no appliance a uinput that is not there is a warning", async () => {
  const system = new PlayedSystem();
  system.missing = "/dev/uinput: No such device";
  const rows = await withSystem(system, false);
  assert.deepEqual(status(rows), { game: "ok", key: "ok", gamepad: "warning", encoder: "ok" });
});

Deno.test("what decides about a new system names a uinput that is not there, in the owner's words", async () => {
  await using house = await startHouse();
  const dataDir = await Deno.makeTempDir({ prefix: "gamelan-selftest-" });
  // As on the appliance, where it is found without being named.
  Deno.env.set("GAMELAN_DATA_DIR", dataDir);
  try {
    const said = await boxSelfTest({ house: house.url, stepSeconds: 60 });
    const failed = "“A gamepad reaches the game” failed: Gamepads cannot be used on this machine: ";
    assert.equal(said, missing && `${failed}${missing}.`);
  } finally {
    Deno.env.delete("GAMELAN_DATA_DIR");
    await Deno.remove(dataDir, { recursive: true });
  }
});
