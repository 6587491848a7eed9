/** A session's sound with a real sound server. Needs pulseaudio (with pulseaudio-utils). */
import assert from "node:assert/strict";
import { join } from "node:path";
import { OpusDecoder, OpusEncoder } from "../../src/audio/opus.ts";
import { type AudioSettings, startAudio } from "../../src/audio/pipeline.ts";
import { probeSound } from "../../src/audio/probe.ts";
import { Capability } from "../../src/protocol/library.ts";
import type { EncodedAudio } from "../../src/media/encoded.ts";
import type { AudioPipeline } from "../../src/media/stages.ts";
import { channelOf, Player, sine, toneAmplitude } from "./tone.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when `done()`; fails with `what` after ten seconds. */
async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let waited = 0; !(await done()); waited += 10) {
    assert.ok(waited < 10000, `waited in vain until ${what}`);
    await sleep(10);
  }
}

interface Sound {
  audio: AudioPipeline;
  runDir: string;
  server: string;
  packets: EncodedAudio[];
  errors: string[];
}

/** Runs `test` with the sound of a session, and then asserts that nothing of it is left. */
async function withSound(
  settings: Partial<AudioSettings>,
  test: (sound: Sound) => Promise<void>,
): Promise<void> {
  const runDir = await Deno.makeTempDir({ prefix: "gamelan-sound-" });
  try {
    const audio = await startAudio({ runDir, sessionId: "test", ...settings });
    const packets: EncodedAudio[] = [];
    const errors: string[] = [];
    audio.onPacket = (packet) => packets.push(packet);
    audio.onError = (message) => errors.push(message);
    try {
      await test({ audio, runDir, server: audio.game.env.PULSE_SERVER, packets, errors });
    } finally {
      await audio.close();
    }
    assert.deepEqual([...Deno.readDirSync(runDir)], []);
    await until(() => processesOf(runDir).length === 0, "no process of the session is left");
  } finally {
    await Deno.remove(runDir, { recursive: true });
  }
}

/** Pids whose command line names the directory; zombies have none. */
function processesOf(directory: string): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    if (!(pid > 0) || pid === Deno.pid) return false;
    try {
      return Deno.readTextFileSync(`/proc/${pid}/cmdline`).includes(directory);
    } catch {
      return false;
    }
  });
}

/** The pid of the server itself, inside whatever it is wrapped in. */
function serverPid(runDir: string): number {
  const pid = processesOf(runDir).find((pid) =>
    Deno.readTextFileSync(`/proc/${pid}/comm`).trim() === "pulseaudio"
  );
  assert.ok(pid, "expected a process called pulseaudio");
  return pid;
}

/** All samples of the packets after the first `skip`, one channel. */
function decoded(packets: EncodedAudio[], skip: number, channel = 0): Int16Array {
  const decoder = new OpusDecoder(2);
  const parts = packets.map(({ data }) => channelOf(decoder.decode(data), channel, 2));
  decoder.close();
  return Int16Array.from(parts.slice(skip).flatMap((part) => [...part]));
}

Deno.test("a tone that a game plays comes out as Opus of that frequency", async () => {
  await withSound({}, async ({ server, packets }) => {
    const player = new Player(server);
    await player.tone(1000, 700);
    await player.close();
    const loud = packets.filter(({ level }) => level > -30);
    assert.ok(loud.length >= 40, `expected about 60 packets with sound, got ${loud.length}`);
    assert.ok(loud.every(({ durationMs }) => durationMs === 10));
    const samples = decoded(loud.slice(5, 35), 10);
    const wanted = toneAmplitude(samples, 1000);
    assert.ok(wanted > 0.45 && wanted < 0.55, `amplitude 0.5 was played, ${wanted} came out`);
    for (const hz of [500, 900, 1100, 2000]) assert.ok(toneAmplitude(samples, hz) < 0.02);
    const steps = new Set(
      packets.slice(1).map((packet, i) => (packet.rtpTimestamp - packets[i].rtpTimestamp) % 480),
    );
    assert.ok(
      packets.every((packet, i) =>
        i === 0 || (packet.rtpTimestamp - packets[i - 1].rtpTimestamp) >>> 0 >= 480
      ),
    );
    assert.ok(steps.size >= 1);
  });
});

Deno.test("with 5 ms packets each packet is 5 ms", async () => {
  await withSound({ packetMs: 5 }, async ({ server, packets }) => {
    const player = new Player(server);
    await player.tone(440, 300);
    await player.close();
    const loud = packets.filter(({ level }) => level > -30).slice(0, 40);
    assert.ok(loud.every(({ durationMs }) => durationMs === 5));
    const decoder = new OpusDecoder(2);
    assert.equal(decoder.decode(loud[0].data).length, 240 * 2);
    decoder.close();
  });
});

Deno.test("left stays left and right stays right", async () => {
  await withSound({}, async ({ server, packets }) => {
    const player = new Player(server);
    for (let part = 0; part < 50; part++) {
      const left = sine(600, 10, 2, 0.5, part * 480);
      const right = sine(1500, 10, 2, 0.5, part * 480);
      await player.write(left.map((sample, i) => i % 2 ? right[i] : sample));
    }
    await player.close();
    const loud = packets.filter(({ level }) => level > -30).slice(0, 30);
    const [left, right] = [decoded(loud, 10, 0), decoded(loud, 10, 1)];
    assert.ok(toneAmplitude(left, 600) > 0.45 && toneAmplitude(left, 1500) < 0.03);
    assert.ok(toneAmplitude(right, 1500) > 0.45 && toneAmplitude(right, 600) < 0.03);
  });
});

Deno.test("silence is silent, and soon almost nothing is sent", async () => {
  await withSound({}, async ({ server, packets }) => {
    const player = new Player(server);
    const zeros = new Int16Array(480 * 2);
    // Recording may begin a little after the server serves, and then it takes 400 ms.
    for (let part = 0, heard = 0, since = 0; since < 20 || packets.length <= 10; part++) {
      assert.ok(part < 600, `${packets.length} packets of silence, and they do not end`);
      await player.write(zeros);
      since = packets.length === heard ? since + 1 : 0;
      heard = packets.length;
    }
    assert.ok(packets.every(({ level }) => level === -127));
    assert.ok(decoded(packets, 0).every((sample) => Math.abs(sample) <= 1));
    packets.length = 0;
    for (let part = 0; part < 100; part++) await player.write(zeros);
    assert.ok(packets.length <= 5, `${packets.length} packets in a second of long silence`);
    await player.tone(1000, 300);
    await until(() => packets.some(({ level }) => level > -20), "the sound after silence comes");
    await player.close();
    // Nobody plays: the server suspends the sink, and nothing comes at all.
    await sleep(2500);
    packets.length = 0;
    await sleep(600);
    assert.deepEqual(packets, []);
    const again = new Player(server);
    await again.tone(1000, 300);
    await until(() => packets.some(({ level }) => level > -20), "a sleeping sink wakes up");
    await again.close();
  });
});

/** In the order of WAVE files, in which the player takes six channels. */
const REAR_LEFT = 4;

Deno.test("a 5.1 game is mixed down: its rear left is heard on the left", async () => {
  await withSound({}, async ({ server, packets }) => {
    const player = new Player(server, 6);
    for (let part = 0; part < 50; part++) {
      const tone = sine(800, 10, 6, 0.5, part * 480);
      await player.write(tone.map((sample, i) => i % 6 === REAR_LEFT ? sample : 0));
    }
    await player.close();
    const loud = packets.filter(({ level }) => level > -50).slice(0, 30);
    const amplitudes = [0, 1].map((channel) => toneAmplitude(decoded(loud, 10, channel), 800));
    // 0.5, and 3 dB less.
    assert.ok(amplitudes[0] > 0.33 && amplitudes[0] < 0.37, amplitudes.join());
    assert.ok(amplitudes[1] < 0.01, amplitudes.join());
  });
});

Deno.test("for whom hears 5.1 all of it comes out as multistream Opus too", async () => {
  await withSound({}, async ({ audio, server, packets }) => {
    audio.surround(true);
    const player = new Player(server, 6);
    for (let part = 0; part < 50; part++) {
      const tone = sine(800, 10, 6, 0.5, part * 480);
      await player.write(tone.map((sample, i) => i % 6 === REAR_LEFT ? sample : 0));
    }
    await player.close();
    const { surround } = new OpusEncoder({ channels: 6, bitrate: 384000 });
    assert.deepEqual([surround?.streams, surround?.coupledStreams], [4, 2]);
    const decoder = new OpusDecoder(6, surround);
    const loud = packets.filter(({ level }) => level > -50).slice(0, 30);
    const parts = loud.map(({ surround }) => decoder.decode(surround!)).slice(10);
    const amplitudes = [0, 1, 2, 3, 4].map((channel) =>
      toneAmplitude(parts.flatMap((part) => [...channelOf(part, channel, 6)]), 800)
    );
    // Vorbis order: front left, centre, front right, rear left, rear right.
    assert.ok(amplitudes[3] > 0.4, amplitudes.join());
    assert.ok(amplitudes.every((amplitude, i) => i === 3 || amplitude < 0.03), amplitudes.join());
    decoder.close();
    // The stereo packets beside them are mixed down as without.
    assert.ok(toneAmplitude(decoded(loud, 10, 0), 800) > 0.33);
  });
});

Deno.test("games that ask for a layout are told what the player hears", async () => {
  for (const [surround, channels] of [[false, 2], [true, 6]] as const) {
    await withSound({ surround }, async ({ audio, server }) => {
      const { stdout } = await new Deno.Command("pactl", {
        args: ["info"],
        env: { PULSE_SERVER: server, LC_ALL: "C" },
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert.match(text, new RegExp(`Default Sample Specification: s16le ${channels}ch 48000Hz`));
      const openal = await Deno.readTextFile(audio.game.env.ALSOFT_CONF);
      assert.equal(openal.includes("channels = stereo"), !surround);
    });
  }
});

Deno.test("stereo and mono games make no 5.1 packets, whoever listens", async () => {
  await withSound({}, async ({ audio, server, packets }) => {
    audio.surround(true);
    for (const channels of [1, 2]) {
      const player = new Player(server, channels);
      await player.tone(1000, 300);
      await player.close();
    }
    assert.ok(packets.some(({ level }) => level > -20));
    assert.ok(packets.every(({ surround }) => surround === undefined));
  });
});

/** Records the server's default source, as a game would. */
function recordSource(server: string) {
  const child = new Deno.Command("parec", {
    args: ["--raw", "--format=s16le", "--rate=48000", "--channels=1", "--latency-msec=20"],
    env: { PULSE_SERVER: server },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let bytes = new Uint8Array(0);
  const done = (async () => {
    for await (const part of child.stdout) {
      const longer = new Uint8Array(bytes.length + part.length);
      longer.set(bytes);
      longer.set(part, bytes.length);
      bytes = longer;
    }
  })();
  return {
    get samples() {
      return new Int16Array(bytes.buffer, 0, bytes.length >> 1);
    },
    async close() {
      child.kill("SIGKILL");
      await done;
      await child.status;
    },
  };
}

Deno.test("the microphone reaches the game's default source, which is silent before and after", async () => {
  await withSound({}, async ({ audio, server }) => {
    const recording = recordSource(server);
    try {
      await until(() => recording.samples.length > 4800, "the silent source delivers samples");
      assert.ok(recording.samples.every((sample) => sample === 0));
      const encoder = new OpusEncoder({ channels: 1, bitrate: 64000 });
      for (let part = 0; part < 40; part++) {
        audio.microphone(encoder.encode(sine(700, 20, 1, 0.5, part * 960)));
        await sleep(18);
      }
      encoder.close();
      const heard = () => recording.samples.findIndex((sample) => Math.abs(sample) > 3000);
      await until(() => heard() >= 0 && recording.samples.length > heard() + 24000, "it is heard");
      // A busy machine lets the tone break off now and then.
      const amplitudes = [1, 2, 3, 4, 5, 6, 7, 8].map((part) => {
        const from = heard() + part * 2400;
        return toneAmplitude(recording.samples.subarray(from, from + 2400), 700);
      });
      assert.ok(Math.max(...amplitudes) > 0.45, amplitudes.join());
      audio.microphone(undefined);
      const isSilent = () => recording.samples.subarray(-4800).every((sample) => sample === 0);
      await until(isSilent, "it is silent again");
      // Bytes that are no Opus are dropped, and what follows still works.
      audio.microphone(new Uint8Array(0));
      audio.microphone(new Uint8Array(50).fill(0xff));
    } finally {
      await recording.close();
    }
  });
});

Deno.test("a server that dies is reported and started again, and sound works", async () => {
  await withSound({}, async ({ runDir, server, packets, errors }) => {
    const first = serverPid(runDir);
    Deno.kill(first, "SIGKILL");
    await until(() => errors.length > 0, "the death is reported");
    assert.match(errors[0], /sound server stopped .* started again/);
    assert.notEqual(serverPid(runDir), first);
    const player = new Player(server);
    for (let i = 0; i < 50 && !packets.some(({ level }) => level > -30); i++) {
      await player.tone(1000, 100);
    }
    await player.close();
    assert.ok(packets.some(({ level }) => level > -30));
  });
});

Deno.test("a server that keeps dying is given up, with a reason", async () => {
  await withSound({}, async ({ runDir, errors }) => {
    for (let death = 1; death <= 4; death++) {
      Deno.kill(serverPid(runDir), "SIGKILL");
      await until(() => errors.length === death, `death ${death} is reported`);
    }
    assert.match(errors[3], /too often/);
    assert.deepEqual(processesOf(runDir), []);
  });
});

Deno.test("closing while a dead server is being started again leaves nothing", async () => {
  for (const delay of [0, 5, 20, 60]) {
    await withSound({}, async ({ runDir }) => {
      Deno.kill(serverPid(runDir), "SIGKILL");
      await sleep(delay);
    });
  }
});

const asNobody = (server: string, ...command: string[]) =>
  new Deno.Command("setpriv", {
    args: ["--reuid=65534", "--regid=65534", "--clear-groups", "--", ...command],
    env: { PULSE_SERVER: server, HOME: "/nonexistent" },
    stdout: "piped",
    stderr: "piped",
  }).output();

Deno.test("a game with another uid can play, but not load modules or end the server", async () => {
  await withSound({}, async ({ runDir, server, audio }) => {
    // The session's directory decides who gets near; here everybody may.
    await Deno.chmod(runDir, 0o711);
    assert.equal(audio.game.sockets[0], join(runDir, "sound/pulse.sock"));
    const info = await asNobody(server, "pactl", "info");
    const text = new TextDecoder().decode(info.stdout);
    assert.match(text, /Default Sink: game\n/);
    assert.match(text, /Default Source: microphone\n/);
    const load = await asNobody(server, "pactl", "load-module", "module-null-sink");
    assert.equal(load.success, false);
    const exit = await asNobody(server, "pactl", "exit");
    assert.equal(exit.success, false);
    assert.equal((await asNobody(server, "pactl", "info")).success, true);
    const secrets = await asNobody(server, "ls", join(runDir, "sound"));
    assert.equal(secrets.success, false);
  });
});

Deno.test("the sound server sees programs and its own folder, nothing else of the machine", async () => {
  await withSound({}, async ({ runDir }) => {
    const pids = processesOf(runDir).filter((pid) =>
      Deno.readTextFileSync(`/proc/${pid}/comm`) === "pulseaudio\n"
    );
    assert.equal(pids.length, 1);
    const seen = [...Deno.readDirSync(`/proc/${pids[0]}/root`)].map(({ name }) => name);
    for (const name of ["root", "home", "var", "run", "sys", "boot"]) {
      // The run directory of this test lies in /tmp, which is the sandbox's own.
      assert.ok(!seen.includes(name), `/${name} is out of reach`);
    }
    const etc = (await Array.fromAsync(Deno.readDir(`/proc/${pids[0]}/root/etc`)))
      .map(({ name }) => name);
    assert.ok(!etc.includes("shadow") && !etc.includes("pulse"), etc.join(" "));
  });
});

Deno.test("two sessions do not hear each other", async () => {
  await withSound({}, async (one) => {
    await withSound({}, async (two) => {
      const player = new Player(one.server);
      await player.tone(1000, 400);
      await player.close();
      assert.ok(one.packets.some(({ level }) => level > -20));
      assert.ok(two.packets.every(({ level }) => level === -127));
    });
  });
});

Deno.test("no file is made in the home directory", async () => {
  const home = await Deno.makeTempDir({ prefix: "gamelan-home-" });
  const runDir = await Deno.makeTempDir({ prefix: "gamelan-sound-" });
  try {
    const script = `
      const { startAudio } = await import(${
      JSON.stringify(new URL("../../src/audio/pipeline.ts", import.meta.url).href)
    });
      const audio = await startAudio({ runDir: ${JSON.stringify(runDir)}, sessionId: "home" });
      await audio.close();`;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", script],
      env: { HOME: home, XDG_CONFIG_HOME: join(home, ".config"), DENO_DIR: denoDir() },
      cwd: new URL("../..", import.meta.url).pathname,
    }).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.deepEqual([...Deno.readDirSync(home)].map(({ name }) => name), []);
  } finally {
    await Deno.remove(home, { recursive: true });
    await Deno.remove(runDir, { recursive: true });
  }
});

/** Deno's own cache, which would otherwise be made in the home directory too. */
function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? join(Deno.env.get("HOME") ?? "/root", ".cache/deno");
}

Deno.test("when the session is killed its sound server dies with it", async () => {
  const runDir = await Deno.makeTempDir({ prefix: "gamelan-sound-" });
  try {
    const script = `
      const { startAudio } = await import(${
      JSON.stringify(new URL("../../src/audio/pipeline.ts", import.meta.url).href)
    });
      await startAudio({ runDir: Deno.args[0], sessionId: "killed" });
      console.log("ready");
      setInterval(() => {}, 1000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--ext=ts", script, runDir],
      cwd: new URL("../..", import.meta.url).pathname,
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    assert.ok(processesOf(join(runDir, "sound")).length > 0);
    child.kill("SIGKILL");
    await child.status;
    while (!(await reader.read()).done);
    await until(
      () => processesOf(join(runDir, "sound")).length === 0,
      "the server is gone",
    );
  } finally {
    await Deno.remove(runDir, { recursive: true });
  }
});

Deno.test("a run directory that no socket fits into is refused with the reason", async () => {
  const runDir = "/tmp/" + "long-name/".repeat(12);
  await assert.rejects(startAudio({ runDir, sessionId: "test" }), /at most 107 bytes/);
  await assert.rejects(startAudio({ runDir: "/tmp/a b", sessionId: "test" }), /letters, digits/);
});

Deno.test("the probe finds the sound server and the encoder", async () => {
  const found = await probeSound();
  for (const capability of found) Capability.parse(capability);
  assert.deepEqual(found.map(({ id, status }) => `${id} ${status}`), [
    "sound-server ok",
    "opus ok",
  ]);
});
