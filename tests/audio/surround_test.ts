/**
 * 5.1 from a game to the player's speakers, by way of a real Chromium. Debian packages: chromium,
 * pulseaudio.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { startAudio } from "../../src/audio/pipeline.ts";
import type { EncodedAudio } from "../../src/media/encoded.ts";
import type { AudioPipeline, Transport } from "../../src/media/stages.ts";
import type { IceCandidate } from "../../src/protocol/signal.ts";
import { Viewers } from "../../src/session/viewers.ts";
import { createTransport } from "../../src/transport/webrtc/transport.ts";
import {
  speakers as countSpeakers,
  stereoAnswer,
  surroundAnswer,
} from "../../ui/player/sound_answer.ts";
import { AUTOPLAY, CHROMIUM, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { type Speakers, startSpeakers } from "./speakers.ts";
import { AMPLITUDE, assertHeard, eachOnItsOwn, playTones } from "./six_tones.ts";

/** A browser on a machine with these speakers. */
function launchOn(speakers: Speakers): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [...CHROMIUM_FLAGS, AUTOPLAY],
    ignoreDefaultArgs: ["--mute-audio"],
    env: { ...Deno.env.toObject(), PULSE_SERVER: speakers.server } as Record<string, string>,
  });
}

/** Globals of the page. */
interface PageGlobals {
  rtc: RTCPeerConnection;
  sendCandidate(candidate: RTCIceCandidateInit): void;
}

/** The answer that the player's page would give (ui/player/link.ts), and whether it asked for 5.1. */
async function answerOf(page: Page, offer: string): Promise<{ sdp: string; surround: boolean }> {
  const answer = await page.evaluate(async (sdp) => {
    const globals = globalThis as unknown as PageGlobals;
    const rtc = globals.rtc = new RTCPeerConnection();
    rtc.onicecandidate = ({ candidate }) => candidate && globals.sendCandidate(candidate.toJSON());
    const video = document.createElement("video");
    video.autoplay = true;
    document.body.append(video);
    rtc.ontrack = ({ track }) => {
      if (track.kind === "audio") video.srcObject = new MediaStream([track]);
    };
    await rtc.setRemoteDescription({ type: "offer", sdp });
    return (await rtc.createAnswer()).sdp!;
  }, offer);
  const surround = await page.evaluate(countSpeakers) >= 6;
  const stereo = stereoAnswer(answer);
  const sdp = surround ? surroundAnswer(stereo, offer) : stereo;
  await page.evaluate(
    (sdp) =>
      (globalThis as unknown as PageGlobals).rtc.setLocalDescription({ type: "answer", sdp }),
    sdp,
  );
  return { sdp, surround };
}

/** A session of viewers and sound without display and input. */
class SoundSession {
  readonly viewers: Viewers;
  readonly asked: boolean[] = [];
  readonly packets: EncodedAudio[] = [];
  readonly #pages = new Map<
    string,
    (message: { type: string; candidate?: IceCandidate }) => void
  >();

  constructor(readonly audio: AudioPipeline, transport: Transport) {
    const nothing = () => {};
    this.viewers = new Viewers(transport, [], {
      signal: (id, message) => this.#pages.get(id)?.(message),
      surround: (heard) => {
        this.asked.push(heard);
        audio.surround(heard);
      },
      count: nothing,
      connected: nothing,
      gone: nothing,
      input: nothing,
      control: nothing,
      microphone: nothing,
      idrNeeded: nothing,
      wanted: nothing,
    });
    audio.onPacket = (packet) => {
      this.packets.push(packet);
      this.viewers.audio(packet);
    };
  }

  /** Joins a page of `browser`; resolves when it is connected. */
  async join(id: string, browser: Browser): Promise<{ page: Page; surround: boolean }> {
    const page = await browser.newPage();
    await page.exposeFunction(
      "sendCandidate",
      (candidate: IceCandidate) => this.viewers.signal(id, { type: "candidate", candidate }),
    );
    const offered = Promise.withResolvers<string>();
    const answered = Promise.withResolvers<void>();
    // deno-lint-ignore no-explicit-any -- any message of a session to its page
    this.#pages.set(id, async (message: any) => {
      if (message.type === "offer") offered.resolve(message.sdp);
      if (message.type !== "candidate") return;
      await answered.promise;
      await page.evaluate(
        (c) => (globalThis as unknown as PageGlobals).rtc.addIceCandidate(c),
        message.candidate,
      );
    });
    this.viewers.join(id, id, "player");
    await this.viewers.signal(id, { type: "join" });
    const { sdp, surround } = await answerOf(page, await offered.promise);
    await this.viewers.signal(id, { type: "answer", sdp });
    answered.resolve();
    await until(() => this.viewers.get(id)!.connected, `${id} is connected`);
    return { page, surround };
  }
}

async function until(done: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !done(); waited += 20) {
    assert.ok(waited < 20000, `waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs `test` with a session; `machine` gives it machines of players. Everything is gone after it. */
async function withSession(
  test: (
    session: SoundSession,
    machine: (speakers: 2 | 6) => Promise<{ speakers: Speakers; browser: Browser }>,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-surround-" });
  const closing: (() => Promise<unknown>)[] = [() => Deno.remove(folder, { recursive: true })];
  try {
    const runDir = async (name: string) => {
      await Deno.mkdir(join(folder, name));
      return join(folder, name);
    };
    const audio = await startAudio({ runDir: await runDir("game"), sessionId: "surround" });
    closing.push(() => audio.close());
    const transport = await createTransport({
      iceServers: [],
      iceAddresses: ["127.0.0.1"],
      startBitrate: 8e6,
      maxBitrate: 20e6,
    });
    const session = new SoundSession(audio, transport);
    closing.push(() => session.viewers.close());
    await test(session, async (channels) => {
      const speakers = await startSpeakers(await runDir(`speakers-${closing.length}`), channels);
      closing.push(() => speakers.close());
      const browser = await launchOn(speakers);
      closing.push(() => browser.close());
      return { speakers, browser };
    });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

const part = AMPLITUDE * Math.SQRT1_2;
/** Centre and rear 3 dB lower, no LFE (W3C Web Audio's down-mix). */
const mixed = [
  [AMPLITUDE, 0, part, 0, part, 0],
  [0, AMPLITUDE, part, 0, 0, part],
];

Deno.test("each channel of a 5.1 game comes out of its own speaker, and mixed down at a stereo page of the same session", async () => {
  await withSession(async (session, machine) => {
    const [big, small] = [await machine(6), await machine(2)];
    const tones = playTones(session.audio.game.env.PULSE_SERVER);
    try {
      const stereo = await session.join("stereo", small.browser);
      assert.equal(stereo.surround, false);
      await until(() => session.packets.length > 20, "packets come");
      // For a stereo page alone nobody codes six channels.
      assert.ok(session.packets.every(({ surround }) => surround === undefined));
      const surround = await session.join("surround", big.browser);
      assert.equal(surround.surround, true);
      await assertHeard(big.speakers, eachOnItsOwn);
      await assertHeard(small.speakers, mixed);
      assert.deepEqual(session.asked, [true]);
      await session.viewers.leave("surround");
      await until(() => session.packets.at(-1)!.surround === undefined, "six channels end");
      assert.deepEqual(session.asked, [true, false]);
    } finally {
      await tones.close();
    }
  });
});

Deno.test("a browser says so where it does not know the codec of its answer", async () => {
  await withSession(async (session, machine) => {
    const { browser } = await machine(6);
    const page = await browser.newPage();
    const transport = session.viewers.transport.viewer();
    const offer = (await transport.offer()).replaceAll("multiopus", "neveropus");
    const said = await page.evaluate(async (sdp) => {
      const rtc = new RTCPeerConnection();
      await rtc.setRemoteDescription({ type: "offer", sdp });
      const answer = (await rtc.createAnswer()).sdp!;
      const unknown = answer.replace(/(m=audio .*)/, "$1 112")
        .replace("a=rtpmap:111", "a=rtpmap:112 neveropus/48000/6\r\na=rtpmap:111");
      return await rtc.setLocalDescription({ type: "answer", sdp: unknown })
        .then(() => "taken", (error) => String(error));
    }, offer);
    assert.match(said, /^OperationError: .*audio description recv parameters/);
    await transport.close();
  });
});
