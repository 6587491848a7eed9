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
  { uid = 0, task = "start", fake }: { uid?: number; task?: string; fake?: FakeDebian } = {},
) {
  fake ??= await FakeDebian.create(state);
  const bootstrap = `${root}src/cli/bootstrap`;
  // The packages only: what follows them is tested end to end.
  const script = `
    import { NeedsInstall } from "${bootstrap}/apt.ts";
    import { runtimePackages } from "${bootstrap}/packages.ts";
    import { setUpPackages } from "${bootstrap}/set_up.ts";
    // Nothing of this machine's.
    for (const { unpack } of runtimePackages) if (unpack) unpack.into = "${fake.folder}/unpacked";
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

Deno.test("it waits for another apt that holds a lock, and says so", async () => {
  const state = { installed: without(first, "libyuv0"), offered: first };
  const lock =
    "E: Could not get lock /var/cache/apt/archives/lock. It is held by process 7 (apt-get)";
  const { fake, code, stderr, log } = await setUp({ ...state, locked: [lock] });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Another apt is at work on this machine; waiting for it/);
  // Not taken for old lists.
  assert.ok(log.every((line) => !line.endsWith(" update")), log.join("\n"));
  assert.ok(fake.lines("installed").includes("libyuv0"));
});

const libraries = runtimePackages.flatMap(({ unpack }) =>
  unpack?.libraries.map(([name]) => name) ?? []
);

Deno.test("PulseAudio is unpacked where it conflicts with the desktop's PipeWire, and found again", async () => {
  const state = { offered: [...first, ...libraries], conflicting: ["pulseaudio"] };
  const { fake, code, stderr, log } = await setUp(state);
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /Unpacking pulseaudio for Gamelan alone/);
  const installed = [...without(first, "pulseaudio"), ...libraries].toSorted();
  assert.deepEqual(fake.lines("installed").sort(), installed);
  assert.equal(log.at(-1), "unpacked pulseaudio_1.0-1_all.deb");
  const again = await setUp({}, { fake });
  assert.deepEqual([again.code, again.stderr, again.log], [0, "", log]);
});

Deno.test("a later start unpacks it too, where that takes no question", async () => {
  const state = { installed: without(first, "pulseaudio"), offered: [...first, ...libraries] };
  const { fake, code, stderr, log } = await setUp({ ...state, conflicting: ["pulseaudio"] });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.equal(log.at(-1), "unpacked pulseaudio_1.0-1_all.deb");
});

Deno.test("it goes on without sound where PulseAudio cannot be had", async () => {
  const state = { offered: without(first, "pulseaudio"), mirror: without(first, "pulseaudio") };
  const { fake, code, stderr } = await setUp(state);
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /Going on without pulseaudio: games are silent \(the package lists do not offer it/,
  );
});

Deno.test("later starts only mention what Gamelan goes on without", async () => {
  const installed = without(first, ...optional.map(({ anyOf }) => anyOf[0]));
  const { fake, code, stderr, log } = await setUp({ installed, offered: first }, { uid: 1000 });
  await using _ = fake;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^Without the package pulseaudio games are silent\.$/m);
  assert.deepEqual(log, ["sudo -n true"], "nothing is asked");
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
    const [install, ...unpack] = line.split(/&& (?:sudo sh -c ')?dir=/);
    assert.doesNotMatch(install, /pulseaudio/, "the line must succeed");
    assert.match(unpack.join(), /apt-get download pulseaudio && .* && dpkg-deb -x pulseaudio_/);
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
