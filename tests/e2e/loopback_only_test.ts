/** A machine without any network. Debian packages iproute2 and util-linux; root. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

Deno.test("a browser on a machine with nothing but loopback plays", async () => {
  const script = fileURLToPath(new URL("loopback_only.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: [
      "--net",
      "sh",
      "-c",
      'ip link set lo up && exec "$@"',
      "sh",
      Deno.execPath(),
      "run",
      "-A",
      "--no-check",
      script,
    ],
  }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.equal(code, 0, said);
  assert.match(said, /played/);
});
