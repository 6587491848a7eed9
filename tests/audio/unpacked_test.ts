/** PulseAudio that is unpacked beside a machine's own sound server. Fetches Debian's package. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Capture } from "../../src/audio/capture.ts";
import { startPulseAudio } from "../../src/audio/pulseaudio.ts";
import { GAME_SINK, makeSoundFolder } from "../../src/audio/sound_server.ts";
import { unpackedPulseAudio } from "../../src/audio/unpacked_pulseaudio.ts";
import { runtimePackages } from "../../src/cli/bootstrap/packages.ts";
import { runsUnpacked, unpack } from "../../src/cli/bootstrap/unpack.ts";
import { Player, toneAmplitude } from "./tone.ts";

Deno.test("the unpacked PulseAudio serves a session as the installed one does", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-unpacked-" });
  try {
    const into = join(folder, "pulseaudio");
    const found = runtimePackages.find(({ unpack }) => unpack)!;
    const requirement = { ...found, unpack: { ...found.unpack!, into } };
    assert.equal(await runsUnpacked(requirement), false);
    await unpack([], requirement);
    assert.equal(await runsUnpacked(requirement), true);

    const files = await makeSoundFolder(folder, false);
    const command = unpackedPulseAudio(into)!;
    const server = await startPulseAudio(files, { command, folder: into });
    const address = `unix:${files.socket}`;
    const capture = new Capture({ server: address, source: `${GAME_SINK}.monitor` });
    try {
      const [pid] = [...Deno.readDirSync("/proc")].map(({ name }) => name).filter((name) => {
        if (!/^\d+$/.test(name)) return false;
        const [program, ...args] = commandLine(name);
        return program.startsWith(folder) && args.includes(join(files.folder, "start.pa"));
      });
      assert.ok(pid, "the program that runs is the unpacked one");
      // With all its parts: nothing is taken from an installed PulseAudio but libpulse's own.
      const maps = await Deno.readTextFile(`/proc/${pid}/maps`);
      const loaded = [...new Set(maps.match(/\/\S*(?:libpulsecore|module-|libprotocol)\S*/g))];
      assert.ok(loaded.length >= 5, loaded.join());
      for (const path of loaded) assert.ok(path.startsWith(into), path);

      const player = new Player(address);
      const tone = player.tone(1000, 1500);
      const heard: number[] = [];
      for (const end = performance.now() + 2000; performance.now() < end;) {
        capture.wait(5, (samples) => heard.push(...samples.filter((_, i) => i % 6 === 0)));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await tone;
      await player.close();
      const start = heard.findIndex((sample) => Math.abs(sample) > 3000) + 4800;
      const amplitude = toneAmplitude(heard.slice(start, start + 19200), 1000);
      assert.ok(
        Math.abs(amplitude - 0.5) < 0.05,
        `amplitude 0.5 was played, ${amplitude} came out`,
      );
    } finally {
      capture.close();
      await server.stop();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

function commandLine(pid: string): string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0");
  } catch {
    return [""];
  }
}
