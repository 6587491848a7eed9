/** The 5.1 speakers of a player's machine: a sound server whose one device has six channels. */
import { join } from "node:path";
import { Capture } from "../../src/audio/capture.ts";
import { makeSoundFolder, runServer } from "../../src/audio/sound_server.ts";

const LAYOUT = "front-left,front-right,front-center,lfe,rear-left,rear-right";

export interface Speakers {
  /** `PULSE_SERVER` for what shall play on them. */
  server: string;
  /**
   * What comes out while `ms` pass: the samples of each channel, in the order front left, front right,
   * centre, LFE, rear left, rear right.
   */
  record(ms: number): Promise<number[][]>;
  close(): Promise<void>;
}

/** Order of {@linkcode Capture}'s channels in that of {@linkcode Speakers.record}. */
const ORDER = [0, 2, 1, 5, 3, 4];

/** `channels`: 6, or 2 for a machine with two speakers. */
export async function startSpeakers(runDir: string, channels: 2 | 6): Promise<Speakers> {
  const files = await makeSoundFolder(runDir, false);
  const config = join(files.folder, "daemon.conf");
  const layout = channels === 6 ? LAYOUT : "front-left,front-right";
  // Chromium asks the server for its default format to know how many speakers there are.
  await Deno.writeTextFile(
    config,
    `daemonize = no\nexit-idle-time = -1\nuse-pid-file = no\nenable-shm = no\nenable-memfd = no
default-sample-rate = 48000\ndefault-sample-channels = ${channels}
default-channel-map = ${layout}\nlog-target = stderr\n`,
  );
  const start = join(files.folder, "start.pa");
  await Deno.writeTextFile(
    start,
    `load-module module-null-sink sink_name=speakers rate=48000 channels=${channels} ` +
      `channel_map=${layout} norewinds=1\n` +
      `load-module module-native-protocol-unix socket=${files.socket} auth-anonymous=1\n`,
  );
  const server = await runServer(files, {
    command: ["pulseaudio", "-n", "-F", start],
    env: {
      PULSE_RUNTIME_PATH: files.folder,
      PULSE_STATE_PATH: files.folder,
      PULSE_CONFIG: config,
    },
    unconfined: true,
  });
  const address = `unix:${files.socket}`;
  return {
    server: address,
    async record(ms) {
      const capture = new Capture({ server: address, source: "speakers.monitor" });
      const heard: number[][] = [[], [], [], [], [], []];
      try {
        for (const end = performance.now() + ms; performance.now() < end;) {
          capture.wait(5, (samples) => {
            samples.forEach((sample, i) => heard[ORDER.indexOf(i % 6)].push(sample));
          });
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      } finally {
        capture.close();
      }
      return heard;
    },
    close: () => server.stop(),
  };
}
