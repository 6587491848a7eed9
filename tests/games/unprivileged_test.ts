/**
 * Games for a user who is not root: packages unpacked, mounts in a user namespace, limits per process.
 */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NOBODY = 65534;
/**
 * A network of its own with a way out, that leads nowhere; and the tun device as Debian's udev opens it
 * to everybody, which containers often do not.
 */
const CABLE = `
ip link add cable0 type veth peer name cable1
ip addr add 198.51.100.2/24 dev cable0
ip link set cable0 up; ip link set cable1 up
ip route add default via 198.51.100.1
if ! [ -w /dev/net/tun ] || [ "$(stat -c %a /dev/net/tun)" != 666 ]; then
  mount -t tmpfs -o mode=0755 none /dev/net; mknod -m 0666 /dev/net/tun c 10 200
fi
exec "$@"`;
const root = fileURLToPath(new URL("../..", import.meta.url));

async function run(program: string, args: string[], env: Record<string, string> = {}) {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

Deno.test("a user without rights plays in the same sandbox", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-unprivileged-" });
  try {
    // A copy that such a user may read, wherever the checkout and the runtime lie.
    for (const part of ["src", "ffi", "tests/games"]) {
      await Deno.mkdir(join(folder, dirname(part)), { recursive: true });
      await run("cp", ["-rL", join(root, part), join(folder, part)]);
    }
    await run("cp", ["-rL", join(root, "node_modules/zod"), join(folder, "zod")]);
    await run("cp", [Deno.execPath(), join(folder, "deno")]);
    await Deno.writeTextFile(
      join(folder, "deno.json"),
      JSON.stringify({ imports: { zod: "./zod/index.js" } }),
    );
    await Deno.mkdir(join(folder, "work"));
    await run("chown", ["-R", `${NOBODY}:${NOBODY}`, folder]);
    await Deno.chmod(folder, 0o755);
    const identity = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    const program = join(folder, "tests/games/unprivileged_session.ts");
    const deno = ["run", "-A", "--no-check", "--no-lock", "--cached-only"];
    const output = await run(
      "unshare",
      [
        ...["--net", "--mount", "--propagation", "private", "--", "sh", "-ec", CABLE, "sh"],
        ...["setpriv", ...identity, "--", join(folder, "deno"), ...deno, program],
      ],
      { DENO_DIR: join(folder, "work"), HOME: join(folder, "work"), TMPDIR: join(folder, "work") },
    );
    const result = JSON.parse(output);
    assert.equal(result.uid, NOBODY);

    assert.equal(result.first.exit.outOfMemory, false);
    assert.match(result.first.output, /^1000$/m);
    assert.match(result.first.output, /CapEff:\s+0+$/m);
    assert.match(result.first.output, /Seccomp:\s+2$/m);
    assert.doesNotMatch(result.first.output, /level 8|user's secret/);
    assert.match(result.second.output, /level 8/);
    assert.doesNotMatch(result.second.output, /^x$/m);

    assert.match(result.lockedImport, /Permission denied|permission/i);
    assert.equal(result.after.output, "after");
    assert.match(result.hog.output, /Out of memory/);
    const forked = Number(/forked (\d+)/.exec(result.bomb.output)?.[1]);
    assert.ok(forked > 5 && forked < 40, result.bomb.output);

    assert.doesNotMatch(result.mounts, /gamelan \/|overlay \/mnt/);
    assert.deepEqual(result.online.warnings, []);
    assert.match(result.online.output, /cable0/);
    assert.match(result.online.output, /nameserver 192\.0\.2\.53/);
    const statuses: Record<string, string> = {};
    for (const { id, status } of result.capabilities) statuses[id] = status;
    assert.equal(statuses["sandbox"], "ok");
    assert.equal(statuses["sandbox-network"], "ok");
    assert.notEqual(statuses["sandbox-overlay"], "missing");
    assert.equal(statuses["sandbox-packages"], "warning");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
