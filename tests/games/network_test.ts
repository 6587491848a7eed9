/**
 * Games that want the network, on a machine made of two network namespaces: "house", where the game is
 * played, and "world", which house reaches over a cable.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const helper = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const decoder = new TextDecoder();

async function run(...[program, ...args]: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" })
    .output();
  assert.ok(success, `${program} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

/** A program in a network namespace, with a resolv.conf of its own. */
function inside(namespace: string, resolvConf: string, ...argv: string[]): string[] {
  const script = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"';
  const mounted = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-ec", script];
  return ["ip", "netns", "exec", namespace, ...mounted, "sh", resolvConf, ...argv];
}

interface Machine extends AsyncDisposable {
  /** Plays `script` as a game in house and returns what came out. */
  play(script: string, options?: string[]): Promise<Played>;
}

interface Played {
  output: string;
  warnings: string[];
  exit: { code?: number; signal?: string };
  /** Command lines in house after the game's end. */
  left: string[];
}

async function makeMachine(options: { cable: boolean }): Promise<Machine> {
  const [house, world] = [`gl-house-${Deno.pid}`, `gl-world-${Deno.pid}`];
  const folder = await Deno.makeTempDir({ prefix: "gamelan-network-" });
  const resolvConf = `${folder}/resolv.conf`;
  await Deno.writeTextFile(resolvConf, "nameserver 127.0.0.53\n");
  const servers: Deno.ChildProcess[] = [];
  const serve = async (namespace: string, what: string) => {
    const [program, ...args] = ["ip", "netns", "exec", namespace, Deno.execPath(), "run", "-A"];
    const child = new Deno.Command(program, {
      args: [...args, "--no-check", helper("network_servers.ts"), what],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    servers.push(child);
    const reader = child.stdout.getReader();
    assert.match(decoder.decode((await reader.read()).value), /listening/);
    await reader.cancel();
  };
  for (const name of [house, world]) {
    await run("ip", "netns", "add", name);
    await run("ip", "-n", name, "link", "set", "lo", "up");
  }
  if (options.cable) {
    const cable = ["link", "add", "cable0", "netns", house, "type", "veth", "peer", "name"];
    await run("ip", ...cable, "cable1", "netns", world);
    await run("ip", "-n", house, "addr", "add", "198.51.100.2/24", "dev", "cable0");
    await run("ip", "-n", world, "addr", "add", "198.51.100.1/24", "dev", "cable1");
    await run("ip", "-n", house, "link", "set", "cable0", "up");
    await run("ip", "-n", world, "link", "set", "cable1", "up");
    await run("ip", "-n", world, "addr", "add", "203.0.113.9/32", "dev", "lo");
    await run("ip", "-n", house, "route", "add", "default", "via", "198.51.100.1");
    await serve(world, "world");
  }
  await serve(house, "house");
  return {
    async play(script, more = []) {
      const deno = [Deno.execPath(), "run", "-A", "--no-check", helper("networked_session.ts")];
      const text = await run(...inside(house, resolvConf, ...deno, script, ...more));
      const played = JSON.parse(text);
      const pids = (await run("ip", "netns", "pids", house)).trim().split("\n").filter(Boolean);
      const left = await Promise.all(
        pids.map((pid) =>
          Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "").then((line) =>
            line.replaceAll("\0", " ")
          )
        ),
      );
      return {
        ...played,
        left: left.filter((line) => line && !/network_servers|gamelan-secret/.test(line)),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const server of servers) {
        await server.stdin.close();
        await server.status;
      }
      for (const name of [house, world]) await run("ip", "netns", "del", name);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Perl without its modules: struct sockaddr_in (ip(7)) of a host and port. */
const address = (host: string, port: number) =>
  `pack("S n a4 x8", 2, ${port}, scalar gethostbyname("${host}") || do { print "no name\\n"; exit })`;
const connect = (host: string, port: number) =>
  `perl -e '$SIG{ALRM} = sub { print "no answer\\n"; exit }; alarm 3; socket(S, 2, 1, 0);
    connect(S, ${address(host, port)}) or do { print "$!\\n"; exit };
    sysread S, $x, 100; print "$x\\n"'`;
const abstractSocket =
  `perl -e 'socket(S, 1, 1, 0); connect(S, pack("S a*", 1, "\\0gamelan-secret"))
    or do { print "$!\\n"; exit }; sysread S, $x, 100; print "$x\\n"'`;

/** Runs each command under its name and returns what each said. */
async function ask(machine: Machine, commands: Record<string, string>, options?: string[]) {
  const script = Object.entries(commands)
    .map(([name, command]) => `echo "<${name}>"; ${command} 2>&1`).join("\n");
  const played = await machine.play(script, options);
  const said: Record<string, string> = {};
  for (const part of played.output.split(/^</m).slice(1)) {
    const [name, ...lines] = part.split("\n");
    said[name.slice(0, -1)] = lines.join("\n").trim();
  }
  return { ...played, said };
}

Deno.test("a game that wants the network reaches the world by name, and nothing of the machine", async () => {
  await using machine = await makeMachine({ cable: true });
  const { said, warnings, exit, left } = await ask(machine, {
    world: connect("203.0.113.9", 7777),
    byName: connect("play.example", 7777),
    loopback: connect("127.0.0.1", 7778),
    loopbackOfEverywhere: connect("127.0.0.1", 7779),
    ownAddress: connect("198.51.100.2", 7779),
    gateway: connect("198.51.100.1", 7778),
    nameServer: connect("192.0.2.53", 7779),
    abstractSocket,
    devices: "cat /proc/net/dev",
    unixSockets: "cat /proc/net/unix",
    rights: `perl -e 'print syscall(41, 17, 3, 0), " ", syscall(41, 2, 3, 1), "\\n"'`,
  });
  assert.equal(exit.code, 0, JSON.stringify(said));
  assert.deepEqual(warnings, []);
  assert.match(said.world, /hello from world/);
  assert.match(said.byName, /hello from world/);
  for (const name of ["loopback", "loopbackOfEverywhere", "ownAddress", "gateway", "nameServer"]) {
    assert.match(said[name], /refused|no answer|unreachable/i, `${name}: ${said[name]}`);
  }
  assert.match(said.abstractSocket, /refused/i);
  assert.match(said.devices, /cable0/);
  assert.doesNotMatch(said.unixSockets, /gamelan-secret|X11/);
  assert.equal(said.rights, "-1 -1");
  assert.deepEqual(left, []);
});

Deno.test("nobody reaches the game: it has no port on the machine", async () => {
  await using machine = await makeMachine({ cable: true });
  const { said } = await ask(machine, {
    // The server of the world connects back to whoever asks it to.
    back: `perl -e 'socket(L, 2, 1, 0); bind(L, pack("S n x12", 2, 7790)); listen(L, 1);
      socket(S, 2, 1, 0); connect(S, ${address("203.0.113.9", 7776)}) or die $!;
      syswrite S, "7790\\n"; sysread S, $x, 100; print $x'`,
  });
  assert.match(said.back, /refused/);
});

Deno.test("without a way out the game starts all the same, without network, and the player is told", async () => {
  await using machine = await makeMachine({ cable: false });
  const { said, warnings, exit } = await ask(machine, {
    loopback: connect("127.0.0.1", 7778),
    abstractSocket,
  });
  assert.equal(exit.code, 0);
  assert.match(said.loopback, /refused|unreachable/i);
  assert.match(said.abstractSocket, /refused/i);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /^This game has no network: /);
});

Deno.test("nothing is left of the network of a session that was killed", async () => {
  await using machine = await makeMachine({ cable: true });
  const { left } = await machine.play("sleep 600", ["--kill-session"]);
  assert.deepEqual(left, []);
});
