import type { Capability } from "../protocol/library.ts";
import { libopus, opusVersion } from "../../ffi/libopus.ts";
import { openPulse, openPulseSimple } from "../../ffi/libpulse.ts";
import { OpusEncoder, SAMPLE_RATE } from "./opus.ts";
import { findPulseAudio } from "./pulseaudio.ts";

async function version([program, ...args]: string[]): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(program, {
      args: [...args, "--version"],
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).split("\n")[0].trim() : undefined;
  } catch {
    return undefined;
  }
}

async function probeServer(): Promise<Capability> {
  const title = "Sound server";
  const { command, folder } = findPulseAudio();
  const found = await version(command);
  if (found === undefined) {
    return {
      id: "sound-server",
      title,
      status: "missing",
      evidence: folder === undefined
        ? "pulseaudio is not installed; games are silent"
        : `pulseaudio in ${folder} does not run; games are silent`,
      fix: "apt-get install pulseaudio; where that conflicts with pipewire-audio, " +
        "`deno task start` as root unpacks it for Gamelan alone",
    };
  }
  try {
    openPulse();
    openPulseSimple();
  } catch (error) {
    return {
      id: "sound-server",
      title,
      status: "missing",
      evidence: (error as Error).message,
      fix: "apt-get install libpulse0",
    };
  }
  const where = folder === undefined ? "" : `, unpacked in ${folder} for Gamelan alone`;
  const evidence = `${found}${where}, one for each session`;
  return { id: "sound-server", title, status: "ok", evidence };
}

function probeOpus(): Capability {
  const title = "Opus encoder";
  try {
    libopus();
    const encoder = new OpusEncoder({ channels: 2, bitrate: 128000 });
    const pcm = new Int16Array(SAMPLE_RATE / 100 * 2);
    const start = performance.now();
    for (let i = 0; i < 20; i++) encoder.encode(pcm);
    const ms = (performance.now() - start) / 20;
    encoder.close();
    const evidence = `${opusVersion()}, a 10 ms packet in ${ms.toFixed(2)} ms`;
    return { id: "opus", title, status: "ok", evidence };
  } catch (error) {
    return {
      id: "opus",
      title,
      status: "missing",
      evidence: (error as Error).message,
      fix: "apt-get install libopus0",
    };
  }
}

/** Whether games can be heard on this machine; for `doctor`. Starts no server. */
export async function probeSound(): Promise<Capability[]> {
  return [await probeServer(), probeOpus()];
}
