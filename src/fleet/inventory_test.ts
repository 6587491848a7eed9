import assert from "node:assert/strict";
import { type Inventory, InventoryError, parseInventory, selectHosts } from "./inventory.ts";
import { sshConfig } from "./ssh_config.ts";
import { fillTemplate } from "./template.ts";

const EXAMPLE = `
waves = ["canary", "upstairs"]

[defaults]
user = "gamelan"
identity = "keys/fleet"
variables = { fps = 60 }

[jumps.office]
address = "vpn.example.org"
port = 2200

[hosts.living-room]
address = "192.168.1.20"
tags = ["canary", "tv"]

[hosts.attic]
port = 222
jump = "office"
user = "root"
tags = ["upstairs"]
command = "sudo gamelan"

[hosts.attic.variables]
title = "Attic"
fps = 30
`;

const parse = (text: string) => parseInventory(text, "/etc/fleet.toml");

function problems(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof InventoryError, String(error));
    return error.message.split("\n");
  }
  return [];
}

Deno.test("hosts take what the defaults say and they do not", () => {
  const { hosts, jumps, waves } = parse(EXAMPLE);
  assert.deepEqual(waves, ["canary", "upstairs"]);
  assert.deepEqual(hosts, [
    {
      name: "living-room",
      address: "192.168.1.20",
      user: "gamelan",
      identity: "/etc/keys/fleet",
      command: "gamelan",
      tags: ["canary", "tv"],
      variables: { fps: 60 },
    },
    {
      name: "attic",
      address: "attic",
      port: 222,
      user: "root",
      identity: "/etc/keys/fleet",
      jump: "office",
      command: "sudo gamelan",
      tags: ["upstairs"],
      variables: { fps: 30, title: "Attic" },
    },
  ]);
  assert.equal(jumps[0].address, "vpn.example.org");
});

Deno.test("every problem is named with its line and the expected form", () => {
  assert.deepEqual(
    problems([
      "waves = 3",
      "[hosts.a]",
      "port = 99999",
      'adress = "x"',
      "[hosts.b]",
      'user = "no spaces"',
      'tags = ["fine", "-x"]',
      '[hosts."bad name"]',
    ].join("\n")).sort(),
    [
      '/etc/fleet.toml:1: waves: expected a list of tags, such as ["canary", "early"], got 3',
      "/etc/fleet.toml:3: hosts.a.port: expected a port number from 1 to 65535, got 99999",
      "/etc/fleet.toml:4: there is no setting hosts.a.adress",
      '/etc/fleet.toml:6: hosts.b.user: expected a user name, such as "gamelan", got "no spaces"',
      '/etc/fleet.toml:7: hosts.b.tags.1: expected letters, digits, ".", "-" and "_", such as ' +
      '"living-room", got "-x"',
      '/etc/fleet.toml:8: "bad name" is no name: expected letters, digits, ".", "-" and "_", such ' +
      'as "living-room"',
    ],
  );
  assert.match(problems("[hosts\nx")[0], /^\/etc\/fleet\.toml:1: /);
  assert.deepEqual(problems('[jumps.j]\naddress = "x"\n[hosts.a]\njump = "k"'), [
    "/etc/fleet.toml:4: there is no table [jumps.k]; there are: j",
  ]);
  assert.match(
    problems('[jumps.a]\naddress = "x"\njump = "b"\n[jumps.b]\naddress = "y"\njump = "a"')[0],
    /:3: the way over a leads in a circle/,
  );
  assert.throws(() => parseInventory("", "/nowhere") && selectHosts(parse(EXAMPLE), ["cellar"]), {
    message: /no host and no tag "cellar"; tags: canary, tv, upstairs; hosts: living-room, attic/,
  });
});

Deno.test("values that a program on the way could take for something else are refused", () => {
  for (
    const line of [
      'address = "-oProxyCommand=touch /tmp/x"',
      'address = "a b"',
      'address = "a\\nProxyCommand x"',
      'user = "-l"',
      'user = "a\\"b"',
      'identity = "k\\nProxyCommand x"',
      'identity = "a\\"b"',
      'command = "gamelan; rm -rf /"',
      'command = "$(reboot)"',
      'jump = "-J"',
    ]
  ) {
    assert.equal(problems(`[hosts.a]\n${line}`).length, 1, line);
  }
  for (const name of ["*", "!a", "-a", "a b", "a\\nb", "", "a/b", "..", "x".repeat(100)]) {
    assert.equal(problems(`[hosts."${name}"]`).length > 0, true, name);
  }
});

Deno.test("hosts are selected by names and tags, and left out by them", () => {
  const inventory = parse(EXAMPLE);
  const names = (...words: string[]) => selectHosts(inventory, words).map(({ name }) => name);
  assert.deepEqual(names(), ["living-room", "attic"]);
  assert.deepEqual(names("all", "!tv"), ["attic"]);
  assert.deepEqual(names("!attic"), ["living-room"]);
  assert.deepEqual(names("upstairs", "living-room"), ["living-room", "attic"]);
  assert.deepEqual(names("tv", "!canary"), []);
});

Deno.test("variables stand in for names in double braces", () => {
  const host = { name: "attic", variables: { title: "Attic {{ host }}", fps: 30 } };
  assert.equal(
    fillTemplate("a {{ title }} {{fps}} {{ host }} {x}", host, "f"),
    "a Attic {{ host }} 30 attic {x}",
  );
  assert.throws(() => fillTemplate("{{ x }}", host, "f"), {
    message: 'f needs the variable "x", which attic lacks; it has: host, title, fps',
  });
});

Deno.test("the README's inventory has what its configuration needs", async () => {
  const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const block = (name: string) => new RegExp(`\`\`\`toml\n(# ${name}[^]*?)\`\`\``).exec(readme)![1];
  const { hosts, waves } = parse(block("fleet.toml"));
  assert.deepEqual(waves, ["canary", "upstairs"]);
  // The appliance lets nobody else in.
  assert.deepEqual(new Set(hosts.map(({ user }) => user)), new Set(["root"]));
  const filled = hosts.map((host) => fillTemplate(block("house.toml"), host, "house.toml"));
  assert.deepEqual(filled.map((text) => /name = (.*)/.exec(text)![1]), [
    '"Living room"',
    '"Attic"',
  ]);
});

Deno.test("OpenSSH reads the configuration as it was meant", async () => {
  const inventory: Inventory = parse(EXAMPLE);
  const folder = await Deno.makeTempDir();
  try {
    const file = `${folder}/ssh config`;
    await Deno.writeTextFile(
      file,
      sshConfig(inventory, { state: `${folder}/state`, sockets: `${folder}/s` }),
    );
    const { stdout, success } = await new Deno.Command("ssh", { args: ["-G", "-F", file, "attic"] })
      .output();
    assert.ok(success);
    const text = new TextDecoder().decode(stdout);
    for (
      const line of [
        "hostname attic",
        "port 222",
        "user root",
        "proxyjump office",
        "hostkeyalias attic",
        "identityfile /etc/keys/fleet",
        "stricthostkeychecking true",
        "batchmode yes",
        "identitiesonly yes",
        `userknownhostsfile ${folder}/state/known_hosts`,
      ]
    ) assert.ok(text.includes(`\n${line}\n`) || text.startsWith(`${line}\n`), `${line} in ${text}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("noise ends in InventoryError and nothing else", () => {
  let seed = 5;
  const random = (n: number) =>
    (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff * n | 0;
  const bits = ["=", "[", "]", '"', "{", "}", "\n", ".", "é", "9", "-", "[[", "true"];
  let refused = 0;
  for (let round = 0; round < 300; round++) {
    let text = EXAMPLE;
    for (let k = 0; k < 4; k++) {
      const at = random(text.length);
      text = text.slice(0, at) + bits[random(bits.length)] + text.slice(at + random(3));
    }
    refused += problems(text).length > 0 ? 1 : 0;
  }
  assert.ok(refused > 100);
});
