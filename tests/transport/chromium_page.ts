/** A real Chromium as the viewer in transport tests. */
import { type Browser, chromium, type Page } from "playwright-core";
import type { ViewerTransport } from "../../src/media/stages.ts";
import type { IceCandidate } from "../../src/protocol/signal.ts";
import { AUTOPLAY, CHROMIUM, CHROMIUM_FLAGS } from "../tools/chromium.ts";

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [...CHROMIUM_FLAGS, AUTOPLAY],
  });
}

/** What the page of this file counts; see `pageScript`. */
export interface PageState {
  connection: string;
  frames: number;
  firstFrameMs: number;
  timestamps: number[];
  size: [number, number];
  received: string[];
  inbound: Record<string, number>;
  audioEnergy: number;
}

/** Runs in the page. */
function pageScript() {
  const state = {
    frames: 0,
    firstFrameMs: 0,
    timestamps: [] as number[],
    size: [0, 0],
    received: [] as string[],
  };
  const rtc = new RTCPeerConnection();
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  document.body.append(video);
  const stream = new MediaStream();
  let offeredAt = 0;
  rtc.ontrack = ({ track }) => {
    stream.addTrack(track);
    video.srcObject = stream;
  };
  const onFrame = (_now: number, meta: VideoFrameCallbackMetadata) => {
    state.frames++;
    state.firstFrameMs ||= performance.now() - offeredAt;
    state.timestamps.push(meta.rtpTimestamp ?? 0);
    state.size = [meta.width, meta.height];
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  const control = rtc.createDataChannel("control");
  const motion = rtc.createDataChannel("motion", { ordered: false, maxRetransmits: 0 });
  control.onmessage = ({ data }) => state.received.push(String(data));
  rtc.onicecandidate = ({ candidate }) => {
    // @ts-expect-error: exposed by the test
    if (candidate) globalThis.pageCandidate(candidate.toJSON());
  };
  Object.assign(globalThis, {
    rtc,
    control,
    motion,
    accept: async (offer: string, microphone: boolean) => {
      offeredAt = performance.now();
      await rtc.setRemoteDescription({ type: "offer", sdp: offer });
      const audio = rtc.getTransceivers().find((t) => t.receiver.track.kind === "audio")!;
      audio.direction = "sendrecv";
      if (microphone) {
        const context = new AudioContext();
        const tone = context.createOscillator();
        const out = context.createMediaStreamDestination();
        tone.connect(out);
        tone.start();
        await audio.sender.replaceTrack(out.stream.getAudioTracks()[0]);
      }
      const answer = await rtc.createAnswer();
      // Chromium decodes Opus to one channel unless its own description asks for two.
      const sdp = answer.sdp!.replace("a=fmtp:111 ", "a=fmtp:111 stereo=1;");
      await rtc.setLocalDescription({ type: "answer", sdp });
      return sdp;
    },
    readState: async () => {
      const inbound: Record<string, number> = {};
      let audioEnergy = 0;
      (await rtc.getStats()).forEach((report) => {
        if (report.type !== "inbound-rtp") return;
        if (report.kind === "audio") audioEnergy = report.totalAudioEnergy;
        else {
          for (const [key, value] of Object.entries(report)) {
            if (typeof value === "number") inbound[key] = value;
          }
        }
      });
      return { ...state, connection: rtc.connectionState, inbound, audioEnergy };
    },
  });
}

const same = (candidate: IceCandidate) => candidate;

/** Connects a new page of `browser` with `viewer` and resolves when its answer is in. */
export async function connectPage(
  browser: Browser,
  viewer: ViewerTransport,
  { microphone = false, rewrite = same }: {
    microphone?: boolean;
    /** Changes the session's candidates before the page gets them. */
    rewrite?: (candidate: IceCandidate) => IceCandidate | Promise<IceCandidate>;
  } = {},
): Promise<Page> {
  const page = await browser.newPage();
  await page.exposeFunction("pageCandidate", (candidate: IceCandidate) => {
    viewer.addCandidate(candidate);
  });
  await page.evaluate(pageScript);
  const early: IceCandidate[] = [];
  let answered = false;
  const pass = async (candidate: IceCandidate) =>
    page.evaluate(
      // deno-lint-ignore no-explicit-any -- the page's own globals
      (c) => (globalThis as any).rtc.addIceCandidate(c),
      await rewrite(candidate),
    );
  viewer.onCandidate = (candidate) => {
    if (answered) pass(candidate).catch(() => {});
    else early.push(candidate);
  };
  const sdp = await viewer.offer();
  const answer: string = await page.evaluate(
    // deno-lint-ignore no-explicit-any -- the page's own globals
    ([sdp, microphone]) => (globalThis as any).accept(sdp, microphone),
    [sdp, microphone] as const,
  );
  answered = true;
  await viewer.answer(answer);
  for (const candidate of early) await pass(candidate);
  return page;
}

export function pageState(page: Page): Promise<PageState> {
  // deno-lint-ignore no-explicit-any -- the page's own globals
  return page.evaluate(() => (globalThis as any).readState());
}

/** Polls until `ready` holds; throws with the last state after `timeoutMs`. */
export async function waitForPage(
  page: Page,
  ready: (state: PageState) => boolean,
  timeoutMs = 15000,
): Promise<PageState> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const state = await pageState(page);
    if (ready(state)) return state;
    if (performance.now() > until) {
      throw new Error("the page did not get there: " + JSON.stringify({ ...state, timestamps: 0 }));
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
