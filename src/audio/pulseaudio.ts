import { join } from "node:path";
import {
  GAME_SINK,
  MICROPHONE_SINK,
  MICROPHONE_SOURCE,
  runServer,
  type SoundFolder,
  type SoundServer,
} from "./sound_server.ts";
import { isFile, UNPACKED_PULSEAUDIO, unpackedPulseAudio } from "./unpacked_pulseaudio.ts";

/**
 * The server's start script. Its protocol socket is opened last: who can connect finds everything.
 *
 * The game's sink and the microphone's are null sinks; the microphone is the monitor of the second
 * one under a name of its own, so that it is silent, not stalled, while nobody speaks. Without
 * `norewinds` a null sink renders up to 2 s ahead, and the first sound after the start waits for it.
 */
function script(socket: string): string {
  const nullSink = (name: string, layout: string, description: string) =>
    `load-module module-null-sink sink_name=${name} rate=48000 format=s16le norewinds=1 ` +
    `${layout} sink_properties="device.description='${description}'"`;
  const surround =
    "channels=6 channel_map=front-left,front-center,front-right,rear-left,rear-right,lfe";
  return [
    nullSink(GAME_SINK, surround, "Gamelan"),
    nullSink(MICROPHONE_SINK, "channels=1", "Gamelan microphone input"),
    `load-module module-remap-source source_name=${MICROPHONE_SOURCE} ` +
    `master=${MICROPHONE_SINK}.monitor source_properties="device.description='Microphone'"`,
    `set-default-sink ${GAME_SINK}`,
    `set-default-source ${MICROPHONE_SOURCE}`,
    "load-module module-suspend-on-idle timeout=1",
    `load-module module-native-protocol-unix socket=${socket} ` +
    "auth-anonymous=1 auth-cookie-enabled=0",
    "",
  ].join("\n");
}

/** A PulseAudio that this machine can run. */
export interface PulseAudio {
  command: string[];
  /** Where it was unpacked; absent: it is installed. */
  folder?: string;
}

/** The machine's PulseAudio, or the one that was unpacked for Gamelan alone. */
export function findPulseAudio(): PulseAudio {
  const path = (Deno.env.get("PATH") ?? "/usr/bin:/bin").split(":");
  if (path.some((folder) => isFile(join(folder, "pulseaudio")))) return { command: ["pulseaudio"] };
  const command = unpackedPulseAudio();
  return command ? { command, folder: UNPACKED_PULSEAUDIO } : { command: ["pulseaudio"] };
}

/**
 * The server's settings. A game is not trusted: it may play and record, but not load modules
 * (which open files and sockets with the server's rights) nor end the server. Some games open as many
 * channels as the server's default format has: what the player hears.
 */
const daemonSettings = (surround: boolean) =>
  `daemonize = no
allow-module-loading = no
allow-exit = no
exit-idle-time = -1
use-pid-file = no
local-server-type = user
enable-shm = no
enable-memfd = no
flat-volumes = no
default-sample-rate = 48000
alternate-sample-rate = 48000
default-sample-channels = ${surround ? 6 : 2}
avoid-resampling = no
resample-method = speex-float-3
remixing-use-all-sink-channels = no
enable-lfe-remixing = no
log-target = stderr
log-level = warning
`;

/**
 * Starts PulseAudio on the folder's socket and waits until it serves: the given one,
 * else what {@linkcode findPulseAudio} finds. Throws with what it said where it does not start (Debian's package pulseaudio).
 *
 * PulseAudio rather than PipeWire: one process instead of three (the daemon, its PulseAudio protocol
 * and a session manager), and its null sink takes a game's sound to the capture in half the time.
 */
export async function startPulseAudio(
  files: SoundFolder,
  installation: PulseAudio = findPulseAudio(),
): Promise<SoundServer> {
  const { folder, socket, clientConfig } = files;
  await Deno.writeTextFile(join(folder, "daemon.conf"), daemonSettings(files.surround));
  await Deno.writeTextFile(join(folder, "start.pa"), script(socket));
  return await runServer(files, {
    command: [...installation.command, "-n", "-F", join(folder, "start.pa")],
    programs: installation.folder,
    env: {
      PULSE_RUNTIME_PATH: folder,
      PULSE_STATE_PATH: folder,
      PULSE_CONFIG: join(folder, "daemon.conf"),
      PULSE_CLIENTCONFIG: clientConfig,
    },
    unconfined: true,
  });
}
