/** Imports on a machine without network: the real apt, in an empty network namespace. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("offline_import.ts", import.meta.url));

async function importWith(resolvConf: string, cable: boolean) {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, resolvConf);
  // A cable to nowhere: packets go out, nothing comes back.
  const lay = "ip link add c0 type veth peer name c1; ip addr add 198.51.100.2/24 dev c0; " +
    "ip link set c0 up; ip link set c1 up; ip route add default via 198.51.100.1;";
  const script = `mount --bind ${file} /etc/resolv.conf; ${cable ? lay : ""} exec "$@"`;
  const alone = ["--net", "--mount", "--propagation", "private", "--", "sh", "-ec", script, "sh"];
  const { stdout } = await new Deno.Command("unshare", {
    args: [...alone, Deno.execPath(), "run", "-A", "--no-check", program],
  }).output();
  await Deno.remove(file);
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("without network an import says so, to be tried again, and leaves nothing behind", async () => {
  for (const cable of [false, true]) {
    const { name, message, games } = await importWith("nameserver 198.51.100.53\n", cable);
    assert.equal(name, "OfflineError", message);
    assert.match(message, /no way to Debian's mirror/);
    assert.deepEqual(games.filter((entry: string) => !entry.startsWith(".")), []);
  }
});
