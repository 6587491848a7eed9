/**
 * What a game can and cannot do. Real sandboxes; the games are shell scripts that try it.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { launchCommand, launchGame, type LaunchLimits } from "../../src/games/launch.ts";
import { cstring, libc } from "../../ffi/libc.ts";
import type { GameEnvironment, GameExit } from "../../src/media/stages.ts";
import { logSettings } from "../../src/system/log.ts";
import { TinyLibrary } from "./tiny_root.ts";

logSettings.level = "warn";

/** The script that a game runs is its save "progress/script", so that one package serves all tests. */
const RUN_SAVED_SCRIPT = "cd /home/player; exec /bin/sh progress/script";

const house = await TinyLibrary.create();
// Perl would complain that the machine's languages are missing here.
const environment = { PERL_BADLANG: "0" };
await house.add("probe", RUN_SAVED_SCRIPT, { environment });
globalThis.addEventListener("unload", () => Deno.removeSync(house.folder, { recursive: true }));

let sessions = 0;

async function start(
  script: string,
  options: { game?: string; limits?: LaunchLimits; env?: Partial<GameEnvironment> } = {},
) {
  const game = options.game ?? "probe";
  const env = house.session(`s${++sessions}`, options.env);
  const saves = join(house.dataDir, "saves", env.user, game, "current/progress");
  await Deno.mkdir(saves, { recursive: true });
  await Deno.writeTextFile(join(saves, "script"), script);
  return { process: await launchGame(game, env, { limits: options.limits }), saves, env };
}

async function play(
  script: string,
  options: Parameters<typeof start>[1] = {},
): Promise<{ exit: GameExit; output: string; saves: string }> {
  const { process, saves } = await start(script, options);
  const exit = await process.exited;
  return { exit, output: process.tail().join("\n"), saves };
}

async function processesMatching(text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const line = await Deno.readTextFile(`/proc/${entry.name}/cmdline`).catch(() => "");
    if (line.includes(text)) found.push(line.replaceAll("\0", " "));
  }
  return found;
}

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 1500; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`It never came to this: ${what}`);
}

Deno.test("what a game writes is gone after its session, what it saves stays", async () => {
  const first = await play(`
    echo rubbish > /play-was-here && echo rubbish > /home/player/notes && echo rubbish > /tmp/t
    echo changed > /play || exit 3
    echo level 7 > progress/level`);
  assert.equal(first.exit.code, 0, first.output);
  const second = await play(`
    ls / /home/player /tmp; cat /play; cat progress/level`);
  assert.match(second.output, /level 7/);
  assert.match(second.output, /progress\/script/);
  assert.doesNotMatch(second.output, /rubbish|changed|notes|play-was-here/);
  assert.equal(await Deno.readTextFile(join(second.saves, "level")), "level 7\n");
  await house.library.verify("probe");
});

Deno.test("saves belong to one user and are kept before each session", async () => {
  await play("echo of anna > progress/mine");
  const { output } = await play("ls progress", { env: { user: "ben" } });
  assert.doesNotMatch(output, /mine/);
  const folder = join(house.dataDir, "saves/anna/probe/snapshots");
  const before = [...Deno.readDirSync(folder)].length;
  await play("echo changed > progress/mine");
  const snapshots = [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
  assert.ok(snapshots.length > before || snapshots.length === 10, `${snapshots}`);
  const kept = await Deno.readTextFile(join(folder, snapshots.at(-1)!, "progress/mine"));
  assert.equal(kept, "of anna\n");
});

Deno.test("the machine's files are out of reach", async () => {
  const secret = join(house.folder, "secret");
  await Deno.writeTextFile(secret, "the machine's secret");
  const hostFile = `/tmp/gamelan-host-file-${Deno.pid}`;
  await Deno.writeTextFile(hostFile, "the machine's secret");
  try {
    const { output } = await play(`
      cat ${secret} ${hostFile} /etc/shadow /etc/passwd /root/.bashrc /proc/1/root${secret}
      ls /var /srv /opt /mnt /root /boot /tmp; ls /home; ls -a /run; cat /proc/1/environ
      cat /proc/mounts`);
    assert.doesNotMatch(output, /machine's secret|root:|GAMELAN_HOST/);
    assert.doesNotMatch(output, new RegExp(house.folder + "/(data|secret) .*rw"));
    assert.match(output, /No such file/);
  } finally {
    await Deno.remove(hostFile);
  }
});

Deno.test("a game learns nothing of the machine's input devices but what is in its own folder", async () => {
  const input = join(house.folder, "input");
  await Deno.mkdir(input, { recursive: true });
  const { output } = await play(
    `
    exec 2>&1; ls /dev/input /proc/bus /sys; cat /proc/bus/input/devices; ls /sys/class/input
    mkdir /proc/bus/input /dev/input/more; echo "udev: $SDL_JOYSTICK_DISABLE_UDEV"`,
    { env: { inputDirectory: input } },
  );
  assert.match(output, /^\/dev\/input:\n\n\/proc\/bus:\n\n\/sys:$/m);
  assert.match(output, /cat: \/proc\/bus\/input\/devices: No such file/);
  assert.match(output, /ls: .*\/sys\/class\/input.*: No such file/);
  assert.match(output, /mkdir: .*\/proc\/bus\/input.*: Read-only file system/);
  assert.match(output, /mkdir: .*\/dev\/input\/more.*: (Permission denied|Read-only)/);
  assert.match(output, /^udev: 1$/m);
});

Deno.test("a game has no rights, no root and no way back to them", async () => {
  const { output } = await play(`
    id -u; cat /proc/self/status | grep -E '^(Cap|NoNewPrivs|Seccomp):|^Cap|^NoNew|^Seccomp'
    mknod /tmp/disk b 254 0 2>&1
    perl -e '
      my %calls = (unshare => [272, 0x10000000], mount => [165, 0, 0, 0, 0, 0], ptrace => [101, 16, 1, 0, 0],
        keyctl => [250, 0, -3, 0], bpf => [321, 0, 0, 0], perf => [298, 0, 0, -1, -1, 0],
        userfaultfd => [323, 0], kexec => [246, 0, 0, 0, 0], module => [175, 0, 0, 0],
        io_uring => [425, 1, 0], setns => [308, 3, 0], clone_user => [56, 0x10000000, 0, 0, 0, 0],
        clone3 => [435, 0, 0], tiocsti => [16, 0, 0x5412, 0],
        tiocsetd => [16, 0, 0x5423, 0], packet => [41, 17, 3, 0],
        x32 => [0x40000027]);
      for my $name (sort keys %calls) {
        my ($number, @rest) = map { $_ + 0 } @{$calls{$name}};
        my $result = syscall($number, @rest);
        exit 0 if $name eq "clone_user" && $result == 0;
        print "$name ", $result == -1 ? $! + 0 : "allowed", "\\n";
      }'`);
  assert.match(output, /^1000$/m);
  assert.match(output, /CapEff:\s+0+$/m);
  assert.match(output, /CapBnd:\s+0+$/m);
  assert.match(output, /NoNewPrivs:\s+1$/m);
  assert.match(output, /Seccomp:\s+2$/m);
  assert.match(output, /mknod: .*not permitted/);
  if (Deno.build.arch === "x86_64") {
    // EPERM 1, ENOSYS 38, EAFNOSUPPORT 97.
    const expected = {
      ...Object.fromEntries(
        "bpf clone_user kexec keyctl module mount perf ptrace setns tiocsetd tiocsti unshare userfaultfd"
          .split(" ").map((name) => [name, 1]),
      ),
      clone3: 38,
      io_uring: 38,
      packet: 97,
      x32: 38,
    };
    for (const [name, answer] of Object.entries(expected)) {
      assert.match(output, new RegExp(`^${name} ${answer}$`, "m"), output);
    }
  }
});

Deno.test("a game runs as its user's own id on the machine, never as root", async () => {
  const { process } = await start("exec sleep 4321.5");
  try {
    let uid = "";
    await until(async () => {
      for await (const entry of Deno.readDir("/proc")) {
        const line = await Deno.readTextFile(`/proc/${entry.name}/cmdline`).catch(() => "");
        if (line !== "sleep\x004321.5\0") continue;
        const status = await Deno.readTextFile(`/proc/${entry.name}/status`);
        uid = /^Uid:\s+(\d+)/m.exec(status)![1];
        return true;
      }
      return false;
    }, "the game sleeps");
    if (Deno.uid() === 0) assert.ok(Number(uid) > 1_000_000_000, `uid ${uid}`);
    else assert.equal(Number(uid), Deno.uid());
  } finally {
    await process.kill();
  }
});

Deno.test("other processes are invisible, also those of another session", async () => {
  const other = await start("exec sleep 987.25");
  const sleepers = async () => (await processesMatching("sleep\x00987.25")).length;
  await until(async () => await sleepers() === 1, "the other game sleeps");
  try {
    const { output } = await play(`
      for f in /proc/[0-9]*/cmdline; do cat $f; echo; done; kill -9 -1; echo alive`);
    assert.doesNotMatch(output, /987\.25|deno/);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(await sleepers(), 1);
  } finally {
    await other.process.kill();
  }
});

Deno.test("only the session's own sockets are reached", async () => {
  const folder = join(house.folder, "sockets");
  await Deno.mkdir(folder);
  const listen = (name: string) => {
    const path = join(folder, name);
    const listener = Deno.listen({ transport: "unix", path });
    (async () => {
      for await (const connection of listener) {
        await connection.write(new TextEncoder().encode(`hello from ${name}\n`));
        connection.close();
      }
    })().catch(() => {});
    return { path, listener };
  };
  const sockets = ["mine", "sound", "theirs"].map(listen);
  const [mine, sound, theirs] = sockets.map(({ path }) => path);
  try {
    const { output } = await play(
      `
      echo $WAYLAND_DISPLAY $PULSE_SERVER
      for path in $XDG_RUNTIME_DIR/$WAYLAND_DISPLAY \${PULSE_SERVER#unix:} ${theirs} ${mine}; do
        perl -e 'socket(S, 1, 1, 0);
          if (connect(S, pack("S a108", 1, $ARGV[0]))) { print <S> } else { print "$ARGV[0]: $!\n" }' $path
      done; ls -R /run`,
      {
        env: {
          waylandDisplay: mine,
          sound: { env: { PULSE_SERVER: `unix:${sound}` }, sockets: [sound] },
        },
      },
    );
    assert.match(output, /^wayland-0 unix:\/run\/user\/1000\/sound-0$/m);
    assert.match(output, /hello from mine\nhello from sound/);
    assert.doesNotMatch(output, /hello from theirs/);
    assert.match(output, /theirs: No such file/);
  } finally {
    for (const { listener } of sockets) listener.close();
  }
});

Deno.test("a game inherits no descriptor of its session, also none that a library left open", async () => {
  const left = libc.memfd_create(cstring("left-open-by-a-driver"), 0);
  try {
    const { output } = await play("ls -l /proc/self/fd; ls -l /proc/1/fd");
    assert.match(output, /pipe:/);
    assert.doesNotMatch(output, /left-open|socket:|anon_inode|memfd/);
    // The shell keeps /dev/null for itself.
    const numbers = [...output.matchAll(/ (\d+) -> (?!\/proc|\/dev\/null)/g)]
      .map(([, fd]) => Number(fd));
    assert.ok(numbers.every((fd) => fd <= 2), output);
  } finally {
    libc.close(left);
  }
});

Deno.test("the machine's network is out of reach", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const connection of listener) {
      await connection.write(new TextEncoder().encode("hello from the network\n"));
      connection.close();
    }
  })().catch(() => {});
  const { port } = listener.addr as Deno.NetAddr;
  const script = `cat /proc/net/dev; exec bash -c 'cat < /dev/tcp/127.0.0.1/${port}'`;
  try {
    const without = await play(script);
    assert.doesNotMatch(without.output, /hello from the network|eth0/);
    assert.match(without.output, /refused/);
  } finally {
    listener.close();
  }
});

Deno.test("of the machine's devices a game has the harmless ones and its session's pads", async () => {
  const pads = join(house.folder, "pads");
  await Deno.mkdir(pads);
  await new Deno.Command("mknod", { args: ["-m", "666", join(pads, "event0"), "c", "1", "3"] })
    .output();
  const { output } = await play(
    `ls /dev /dev/input; echo x > /dev/input/event0 && echo pad works`,
    {
      env: { inputDirectory: pads },
    },
  );
  assert.match(output, /event0/);
  if (Deno.uid() === 0) assert.match(output, /pad works/);
  assert.doesNotMatch(output, /\b(vda|sda|kvm|mem|kmsg|uinput|fuse|loop0|tty1)\b/);
  const without = await play("ls /dev/input; ls /dev");
  assert.match(without.output, /cannot access '\/dev\/input'/);
});

Deno.test("a fork bomb stays in its session and ends with it", async () => {
  const { process } = await start(
    `perl -e 'while (1) { my $p = fork; if (!defined $p) { $stop++; sleep 1 } }'`,
    { limits: { processes: 64 } },
  );
  await until(
    async () => (await processesMatching("while (1) { my $p = fork")).length > 20,
    "forks",
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  const bombs = await processesMatching("while (1) { my $p = fork");
  assert.ok(bombs.length <= 64, `${bombs.length} processes`);
  // This machine still starts programs.
  assert.equal((await new Deno.Command("true").output()).code, 0);
  await process.kill();
  assert.deepEqual(await processesMatching("while (1) { my $p = fork"), []);
});

Deno.test("a memory hog is ended and recognised", async () => {
  const { exit } = await play(`exec perl -e '$x .= "y" x 1048576 while 1'`, {
    limits: { memoryBytes: 64 * 1024 * 1024 },
  });
  assert.equal(exit.outOfMemory, true);
  assert.equal(exit.signal, "SIGKILL");
});

Deno.test("/dev takes no files, and its shared memory only so many", async () => {
  const { output } = await play(
    `echo x > /dev/file; mkdir /dev/folder
    dd if=/dev/zero of=/dev/shm/big bs=1M count=64; echo small > /dev/shm/small && cat /dev/shm/small`,
    { limits: { scratchBytes: 8 * 1024 * 1024 } },
  );
  assert.equal(output.match(/Read-only file system/g)?.length, 2, output);
  assert.match(output, /No space left on device/);
});

Deno.test("files outside of the saves are limited", async () => {
  const { output } = await play(
    `dd if=/dev/zero of=/tmp/big bs=1M count=64; dd if=/dev/zero of=/play bs=1M count=64`,
    { limits: { scratchBytes: 8 * 1024 * 1024 } },
  );
  assert.equal(output.match(/No space left on device/g)?.length, 2, output);
});

Deno.test("a session lasts until the last process that a launcher left behind", async () => {
  const { process, saves } = await start(`
    setsid sh -c 'nohup sleep 0.7; echo done > /home/player/progress/detached' >/dev/null 2>&1 &
    exit 5`);
  const exit = await process.exited;
  assert.equal(exit.code, 5);
  assert.equal(await Deno.readTextFile(join(saves, "detached")), "done\n");
});

Deno.test("terminate reaches every process, and a game that saves at its end can", async () => {
  const { process, saves } = await start(`
    (trap 'echo child > progress/child; exit 0' TERM; echo > progress/child-ready
      while :; do sleep 0.05; done) &
    trap 'echo parent > progress/parent; exit 0' TERM; echo > progress/parent-ready
    while :; do sleep 0.05; done`);
  await until(() => {
    const names = [...Deno.readDirSync(saves)].map((entry) => entry.name);
    return names.includes("child-ready") && names.includes("parent-ready");
  }, "both are ready");
  process.terminate();
  const exit = await process.exited;
  assert.equal(exit.code, 0);
  assert.equal(await Deno.readTextFile(join(saves, "child")), "child\n");
  assert.equal(await Deno.readTextFile(join(saves, "parent")), "parent\n");
});

Deno.test("kill leaves no process, also of a game that ignores SIGTERM", async () => {
  const { process } = await start(`
    trap '' TERM HUP INT; for i in 1 2 3; do setsid sleep 76543.5 & done; while :; do sleep 76543.5; done`);
  await until(async () => (await processesMatching("sleep\x0076543.5")).length >= 4, "sleepers");
  process.terminate();
  await process.kill();
  assert.deepEqual(await processesMatching("76543.5"), []);
  assert.equal((await process.exited).signal, "SIGKILL");
});

Deno.test("a crash is told with its signal, and the game's last words are kept", async () => {
  const { exit, output } = await play("echo about to crash >&2; kill -SEGV $$");
  assert.equal(exit.signal, "SIGSEGV");
  assert.match(output, /about to crash/);
  const log = await Deno.readTextFile(join(house.folder, "run", `s${sessions}`, "game.log"));
  assert.match(log, /about to crash/);
});

Deno.test("a session whose process dies takes the game with it", async () => {
  const script = `
    import { launchGame } from "${new URL("../../src/games/launch.ts", import.meta.url)}";
    await launchGame("probe", JSON.parse(Deno.args[0]));
    console.log("started");
    await new Promise(() => setInterval(() => {}, 1000));`;
  const { process, saves, env } = await start("echo script is written");
  await process.exited;
  await Deno.writeTextFile(join(saves, "script"), "setsid sleep 65432.5 & exec sleep 65432.5");
  const file = join(house.folder, "session.ts");
  await Deno.writeTextFile(file, script);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, file, JSON.stringify(env)],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await until(async () => (await processesMatching("65432.5")).length >= 2, "the game runs");
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
  await until(async () => (await processesMatching("65432.5")).length === 0, "the game is gone");
});

Deno.test("no mount and no control group outlives its session", async () => {
  const mounts = await Deno.readTextFile("/proc/self/mounts");
  const { process, env } = await start("exec sleep 1000");
  // Nothing that the sandbox mounts is seen by the machine, not even while it runs.
  assert.equal(await Deno.readTextFile("/proc/self/mounts"), mounts);
  await process.kill();
  assert.equal(await Deno.readTextFile("/proc/self/mounts"), mounts);
  assert.deepEqual([...Deno.readDirSync(env.runDir)].map((entry) => entry.name), []);
  const groups = await new Deno.Command("find", {
    args: ["/sys/fs/cgroup", "-name", `${env.sessionId}.${Deno.pid}`],
  }).output();
  assert.equal(new TextDecoder().decode(groups.stdout), "");
});

Deno.test("a program of the machine runs over its /usr, read-only", async () => {
  const secret = join(house.folder, "source");
  await Deno.mkdir(secret);
  await Deno.writeTextFile(join(secret, "file"), "source of the program");
  const process = await launchCommand({
    argv: [
      "sh",
      "-c",
      `cat ${secret}/file; touch ${secret}/new /usr/new; ls -A /home/player /root`,
    ],
    readOnly: [secret],
  }, house.session("command"));
  const exit = await process.exited;
  const output = process.tail().join("\n");
  assert.match(output, /source of the program/);
  assert.match(output, /cannot touch .*new.*Read-only/);
  assert.match(output, /touch.*\/usr\/new/);
  assert.notEqual(exit.code, 0);
});

Deno.test("a game that is not there, or whose package was cut, is not started", async () => {
  await assert.rejects(launchGame("nothing", house.session("x1")), /no game nothing/);
  await assert.rejects(launchGame("../../etc", house.session("x2")), /not the id/);
  await house.add("cut", "true");
  await Deno.truncate(join(house.dataDir, "games/cut.erofs"), 8192);
  await assert.rejects(launchGame("cut", house.session("x3")), /damaged: 8192 bytes/);
  await house.library.remove("cut");
});

Deno.test("where packages cannot be mounted they are unpacked once, and all else is the same", async () => {
  await house.add(
    "unpacked",
    "id -u; cat /tmp/x /home/player/progress/level; echo changed > /play; echo 5 > /home/player/progress/level",
  );
  for (const round of ["first", "second"]) {
    const process = await launchGame("unpacked", house.session(`unpacked-${round}`), {
      unmounted: true,
    });
    const exit = await process.exited;
    assert.equal(exit.code, 0, process.tail().join("\n"));
    assert.match(process.tail().join("\n"), /^1000$/m);
    if (round === "second") assert.equal(process.tail().at(-1), "5");
  }
  const trees = [...Deno.readDirSync(join(house.dataDir, "games/.trees/unpacked"))];
  assert.equal(trees.length, 1);
  const play = join(house.dataDir, "games/.trees/unpacked", trees[0].name, "root/play");
  assert.doesNotMatch(await Deno.readTextFile(play), /^changed/);
  await house.library.remove("unpacked");
  assert.ok(!await Deno.stat(play).then(() => true, () => false));
});
