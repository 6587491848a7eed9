/** Connections to boxes, as OpenSSH understands what we write for it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseInventory, readInventory } from "../../src/fleet/inventory.ts";
import { Ssh } from "../../src/fleet/ssh.ts";
import { eventually } from "../image/wait.ts";
import { CuttingRelay } from "./cutting_relay.ts";
import { SimulatedFleet } from "./simulated_fleet.ts";

/** What ssh would do, by `ssh -G`. */
async function settings(ssh: Ssh, host: string, ...options: string[]) {
  const [program, ...args] = ssh.command;
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args, ...options, "-G", "--", host],
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  return new Map(lines.map((line) => {
    const at = line.indexOf(" ");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  }));
}

const INVENTORY = `
[defaults]
user = "root"
identity = "key"
[jumps.office]
address = "vpn.example.org"
[jumps.home]
address = "home.example.org"
[hosts.living-room]
address = "192.168.1.20"
[hosts.attic]
address = "192.168.1.20"
jump = "office"
[hosts.den]
address = "192.168.1.20"
jump = "home"
`;

Deno.test("commands to a box share a connection for a minute, and each box has its own", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gssh-" });
  try {
    const inventory = parseInventory(INVENTORY, join(folder, "fleet.toml"));
    const sockets = join(folder, "run");
    const ssh = await Ssh.open(inventory, { state: join(folder, "state"), sockets });
    const paths = new Set<string>();
    const names = ["living-room", "attic", "den", "office", "home"];
    for (const name of names) {
      const set = await settings(ssh, name);
      assert.deepEqual(
        ["controlmaster", "controlpersist", "stricthostkeychecking"].map((key) => set.get(key)),
        ["auto", "60", "true"],
      );
      const path = set.get("controlpath")!;
      assert.equal(path.slice(0, sockets.length + 1), `${sockets}/`);
      // ssh puts 17 characters behind it while it connects; a Unix socket's path has 107.
      assert.ok(path.length - sockets.length <= 33, path);
      paths.add(path);
    }
    // Also those of the same address behind different jumps.
    assert.equal(paths.size, names.length);
    const other = await Ssh.open(inventory, { state: join(folder, "other"), sockets });
    assert.ok(!paths.has((await settings(other, "attic")).get("controlpath")!));

    const { uid, mode } = await Deno.stat(sockets);
    assert.deepEqual([uid, mode! & 0o777], [Deno.uid(), 0o700]);
    // What is asked for "fresh" neither shares one nor leaves one behind.
    const fresh = await settings(ssh, "attic", ...Ssh.ownConnection);
    assert.equal(fresh.get("controlmaster"), "false");
    assert.equal(fresh.get("controlpath"), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a box sees one connection for several commands, and another one for a fresh one", async () => {
  await using fleet = await SimulatedFleet.start(1);
  const [box] = fleet.boxes;
  assert.equal((await fleet.fleet("keys", "pin")).code, 0);
  using relay = new CuttingRelay(box.port);
  fleet.writeInventory({ [box.name]: relay.port });
  const inventory = readInventory(fleet.inventory);
  const sockets = join(fleet.folder, "sockets");
  const ssh = await Ssh.open(inventory, { state: fleet.state, sockets });
  const [host] = inventory.hosts;
  const says = async (options = {}) => {
    const { stdout } = await ssh.run(host, ["echo", "hello"], options);
    assert.equal(stdout, "hello\n");
    return relay.connections;
  };
  try {
    assert.deepEqual([await says(), await says(), await says()], [1, 1, 1]);
    assert.equal([...Deno.readDirSync(sockets)].length, 1);
    assert.equal(await says({ fresh: true }), 2);
    // What is fresh leaves the shared one alone.
    assert.equal(await says(), 2);
    await ssh.disconnect(host);
    // The process that shares it says that it ends, and then does.
    await eventually(
      "the shared connection's socket to go",
      () => Promise.resolve([...Deno.readDirSync(sockets)].length === 0),
      { withinMs: 10_000, everyMs: 50 },
    );
    assert.equal(await says(), 3);
  } finally {
    await ssh.disconnect(host);
  }
});
