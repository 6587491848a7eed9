/** The set-up of `deno task start` and `deno task test` on a Debian that is a test double. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runtimePackages, testPackages } from "../../src/cli/bootstrap/packages.ts";
import { FakeDebian, type FakeState } from "./fake_debian.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const first = runtimePackages.map(({ anyOf }) => anyOf[0]);
const optional = runtimePackages.filter(({ without }) => without !== undefined);
const without = (names: string[], ...left: string[]) =>
  names.filter((name) => !left.includes(name));

/** Runs set-up's package step, as the user with this id, in a process of its own. */
async function setUp(
  state: FakeState,
  { uid = 0, task = "start" }: { uid?: number; task?: string } = {},
) {
  const fake = await FakeDebian.create(state);
  const bootstrap = `${root}src/cli/bootstrap`;
  // The packages only: what follows them is tested end to end.
  const script = `
    import { NeedsInstall } from "${bootstrap}/apt.ts";
    import { setUpPackages } from "${bootstrap}/set_up.ts";
    try {
      await setUpPackages("${task}");
    } catch (error) {
      console.error(error.message);
      Deno.exit(error instanceof NeedsInstall ? 3 : 1);
    }`;
  // No word of Deno's own: what set-up says is compared.
  const alone = ["--quiet", "--no-config", "--no-lock"];
  const command = ["unshare", "--user", `--map-user=${uid}`, `--map-group=${uid}`, "--"];
  const { code, stdout, stderr } = await new Deno.Command(command[0], {
    args: [...command.slice(1), Deno.execPath(), "eval", ...alone, script],
    env: { PATH: fake.path },
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { fake, code, stdout: text(stdout), stderr: text(stderr), log: fake.lines("log") };
}

Deno.test("nothing is asked of apt where all is there", async () => {
  const { fake, ...result } = await setUp({ installed: first });
  await using _ = fake;
  assert.deepEqual(result, { code: 0, stdout: "", stderr: "", log: [] });
});

Deno.test("another package that does the same will do", async () => {
  const installed = [...without(first, "libavcodec61"), "libavcodec-extra59"];
  const { fake, ...result } = await setUp({ installed });
  await using _ = fake;
  assert.deepEqual(result, { code: 0, stdout: "", stderr: "", log: [] });
});

Deno.test("as root it installs what is missing, says why, and removes nothing", async () => {
  const installed = without(first, "libyuv0", "bubblewrap");
  const { fake, code, stdout, stderr } = await setUp({ installed, offered: first });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.equal(stdout, "", "standard output is the ready line's");
  assert.match(stderr, /libyuv0 +to convert and scale the picture/);
  assert.match(stderr, /bubblewrap +to keep games in a sandbox/);
  assert.deepEqual(fake.lines("installed").slice(installed.length), ["libyuv0", "bubblewrap"]);
  for (const line of fake.lines("log")) assert.match(line, /--no-remove/);
});

Deno.test("a machine without package lists reads them first", async () => {
  const { fake, code, stderr, log } = await setUp({ mirror: first });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.ok(log[0].endsWith(" update"), log[0]);
  assert.deepEqual(fake.lines("installed").sort(), first.toSorted());
});

Deno.test("lists that name files the mirror has replaced are read again", async () => {
  const state = { installed: without(first, "libyuv0"), offered: first, mirror: first };
  const { fake, code, stderr, log } = await setUp({ ...state, stale: ["libyuv0"] });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.equal(log.filter((line) => line.endsWith(" update")).length, 1, log.join("\n"));
  assert.ok(fake.lines("installed").includes("libyuv0"));
});

Deno.test("it goes on without sound where PulseAudio conflicts with the desktop's PipeWire", async () => {
  const { fake, code, stderr } = await setUp({ offered: first, conflicting: ["pulseaudio"] });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /Going on without pulseaudio: games are silent \(apt cannot install it without removing/,
  );
  assert.deepEqual(fake.lines("installed").sort(), without(first, "pulseaudio").toSorted());
});

Deno.test("later starts only mention what Gamelan goes on without", async () => {
  const installed = without(first, ...optional.map(({ anyOf }) => anyOf[0]));
  const { fake, code, stderr, log } = await setUp({ installed, offered: first }, { uid: 1000 });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^Without the package pulseaudio games are silent\.$/m);
  assert.deepEqual(log, []);
});

Deno.test("what Gamelan cannot do without and no list offers is an error", async () => {
  const { fake, code, stderr } = await setUp({ mirror: without(first, "libyuv0") });
  await using _ = fake;
  assert.equal(code, 1);
  assert.match(stderr, /lists do not offer libyuv0; expected Debian 12 or 13/);
});

Deno.test("a user without rights gets the line to run and exit code 3", async () => {
  for (const sudo of ["missing", "asks"] as const) {
    const state: FakeState = { offered: first, conflicting: ["pulseaudio"], sudo };
    const { fake, code, stderr } = await setUp(state, { uid: 1000 });
    await using _ = fake;
    assert.equal(code, 3, stderr);
    const line = stderr.split("\n").find((line) => line.includes("apt-get update"))!.trim();
    assert.ok(line.startsWith(sudo === "missing" ? "su -c '" : "sudo apt-get update && sudo "));
    assert.match(line, /install -y --no-install-recommends --no-remove .*\blibyuv0\b/);
    assert.doesNotMatch(line, /pulseaudio/, "the line must succeed");
    assert.deepEqual(fake.lines("installed"), []);
  }
});

Deno.test("before any list was read, the line names the packages of this release", async () => {
  const { fake, code, stderr } = await setUp({}, { uid: 1000 });
  await using _ = fake;
  assert.equal(code, 3);
  const release = await Deno.readTextFile("/etc/os-release");
  const expected = /VERSION_ID="?12/.test(release) ? "libavcodec59" : "libavcodec61";
  assert.match(stderr, new RegExp(`--no-remove ${expected} `));
});

Deno.test("with sudo that asks nothing it installs through sudo", async () => {
  const { fake, code, stderr, log } = await setUp({ offered: first, sudo: "works" }, { uid: 1000 });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.ok(log.some((line) => line.startsWith("sudo -n env DEBIAN_FRONTEND=noninteractive")));
  assert.deepEqual(fake.lines("installed").sort(), first.toSorted());
});

Deno.test("the tests want everything, also what a start goes on without", async () => {
  const all = [...runtimePackages, ...testPackages].map(({ anyOf }) => anyOf[0]);
  const installed = without(all, "unzip", "chromium");
  const { fake, code, stderr } = await setUp({ installed, offered: all }, { task: "test" });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.deepEqual(fake.lines("installed").slice(installed.length).sort(), ["chromium", "unzip"]);
});

Deno.test("a system without dpkg is told what is expected", async () => {
  const fake = await FakeDebian.create({});
  await using _ = fake;
  const task = ["run", "-A", "--no-lock", `${root}src/cli/bootstrap/main.ts`, "start"];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: task,
    env: { PATH: "/nonexistent" },
    stdin: "null",
  }).output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stderr), /expected Debian 12 or 13 with dpkg and apt/);
});
