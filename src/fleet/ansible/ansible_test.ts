import assert from "node:assert/strict";
import { InventoryError, parseInventory } from "../inventory.ts";
import { exportAnsible } from "./export.ts";
import { importAnsible } from "./import.ts";

const INI = `# the house
attic ansible_host=192.168.1.9 comment='two words' # a remark

[canary]
living-room ansible_port=2222 ansible_user=anna

[rack]
box[01:03].lan:2200 ansible_ssh_common_args="-o ProxyJump=op@vpn.example.org:2222,inner"
shelf-[a:c:2]

[rack:vars]
fps=60
muted=True
title = The rack

[house:children]
rack
canary

[house:vars]
fps=30

[all:vars]
ansible_user=gamelan
ansible_ssh_private_key_file=~/.ssh/fleet
`;

const YAML = `
all:
  vars:
    ansible_user: gamelan
    ansible_ssh_private_key_file: ~/.ssh/fleet
  hosts:
    attic:
      ansible_host: 192.168.1.9
      comment: two words
  children:
    house:
      vars: { fps: 30 }
      children:
        canary:
          hosts:
            living-room: { ansible_port: 2222, ansible_user: anna }
        rack:
          vars: { fps: 60, muted: true, title: The rack }
          hosts:
            box[01:03].lan:
              ansible_port: 2200
              ansible_ssh_common_args: -o ProxyJump=op@vpn.example.org:2222,inner
            shelf-[a:c:2]:
`;

const read = (text: string, file: string) => {
  const { toml, notes } = importAnsible(text, file);
  assert.deepEqual(notes, []);
  return parseInventory(toml, "/f/fleet.toml");
};

Deno.test("groups become tags, connection variables settings, ranges hosts", () => {
  const { hosts, jumps } = read(INI, "hosts.ini");
  const byName = new Map(hosts.map((host) => [host.name, host]));
  assert.deepEqual([...byName.keys()], [
    "attic",
    "living-room",
    "box01.lan",
    "box02.lan",
    "box03.lan",
    "shelf-a",
    "shelf-c",
  ]);
  assert.deepEqual(byName.get("attic"), {
    name: "attic",
    address: "192.168.1.9",
    user: "gamelan",
    identity: byName.get("attic")!.identity,
    command: "gamelan",
    tags: [],
    variables: { comment: "two words" },
  });
  assert.match(byName.get("attic")!.identity!, /^\/.*\/\.ssh\/fleet$/);
  assert.deepEqual([byName.get("living-room")!.user, byName.get("living-room")!.port], [
    "anna",
    2222,
  ]);
  assert.equal(byName.get("living-room")!.variables.fps, 30);
  const box = byName.get("box02.lan")!;
  assert.deepEqual(box.tags, ["house", "rack"]);
  assert.deepEqual(box.variables, { fps: 60, muted: true, title: "The rack" });
  assert.equal(box.port, 2200);
  const inner = jumps.find(({ name }) => name === box.jump)!;
  assert.equal(inner.address, "inner");
  assert.deepEqual(jumps.find(({ name }) => name === inner.jump), {
    name: inner.jump,
    address: "vpn.example.org",
    user: "op",
    port: 2222,
    identity: undefined,
  });
});

Deno.test("both forms of an inventory give the same", () => {
  assert.deepEqual(read(YAML, "hosts.yml"), read(INI, "hosts.ini"));
});

Deno.test("what was exported is imported as it was", () => {
  const inventory = read(INI, "hosts.ini");
  const again = read(exportAnsible(inventory), "export.yml");
  const sorted = ({ hosts }: typeof inventory) =>
    hosts.map((host) => ({ ...host, tags: [...host.tags].sort() }));
  assert.deepEqual(sorted(again), sorted(inventory));
  assert.deepEqual(again.jumps, inventory.jumps);
});

Deno.test("what cannot be taken over is said", () => {
  const { notes, toml } = importAnsible(
    [
      "here ansible_connection=local",
      "a ansible_become=yes ansible_ssh_common_args='-o ProxyCommand=\"nc %h\"'",
    ].join("\n"),
    "hosts",
  );
  assert.deepEqual(notes, [
    "here is left out: it is the operator's own machine",
    "a: ansible_become is left out",
    'a: ansible_ssh_common_args is left out: -o ProxyCommand="nc %h"',
  ]);
  assert.doesNotMatch(toml, /here/);
  const nested = importAnsible("all:\n  hosts:\n    a: { list: [1, 2] }\n", "h.yaml");
  assert.deepEqual(nested.notes, ["a: list is left out: expected a text, a number or a boolean"]);
});

Deno.test("wrong files are refused with their line", () => {
  const cases: [string, string, RegExp][] = [
    ["a\n[b:wrong]\n", "h.ini", /^h\.ini:2: expected \[GROUP\]/],
    ["a b\n", "h.ini", /^h\.ini:1: expected KEY=VALUE after the host, got "b"/],
    ["[g:vars]\nnothing\n", "h.ini", /^h\.ini:2: expected KEY=VALUE/],
    ["a x='open\n", "h.ini", /^h\.ini:1: the quote ' is not closed/],
    ["box[1:99999]\n", "h.ini", /^h\.ini:1: expected a range of 1 to 1000 hosts/],
    ["box[3:1]\n", "h.ini", /^h\.ini:1: expected a range/],
    ["box[1:2:0]\n", "h.ini", /^h\.ini:1: expected a range/],
    ["bo]x\n", "h.ini", /^h\.ini:1: expected a host or a range/],
    ["", "h.ini", /^h\.ini: it names no hosts/],
    ["a ansible_port=70000\n", "h.ini", /expected a port number/],
    ["a ansible_host=-oProxyCommand=x\n", "h.ini", /expected a host name or address/],
    ["all:\n  hosts:\n  - a\n", "h.yml", /expected hosts as a mapping/],
    ["all:\n  hosts: {a: {}\n", "h.yml", /^h\.yml:\d+: /],
    ["all:\n  things: {}\n", "h.yml", /expected hosts, vars or children, got "things"/],
    ["[a:children]\nb\n[b:children]\na\n[b]\nx\n", "h.ini", /child of itself/],
  ];
  for (const [text, file, message] of cases) {
    assert.throws(() => importAnsible(text, file), (error: Error) => {
      assert.ok(error instanceof InventoryError, `${text}: ${error}`);
      assert.match(error.message, message, text);
      return true;
    });
  }
});

Deno.test("YAML that grows in memory is refused", () => {
  const lines = ['a: &a ["x","x","x","x","x","x","x","x","x"]'];
  for (let level = 0; level < 9; level++) {
    const [name, before] = [98 + level, 97 + level].map((code) => String.fromCharCode(code));
    lines.push(`${name}: &${name} [${Array(9).fill(`*${before}`)}]`);
  }
  assert.throws(() => importAnsible(lines.join("\n"), "h.yml"), InventoryError);
});
