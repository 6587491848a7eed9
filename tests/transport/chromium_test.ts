/** The WebRTC transport with a real Chromium. Debian packages: chromium, ffmpeg. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import type { EncodedAudio } from "../../src/media/encoded.ts";
import type { PathEstimate, ViewerTransport } from "../../src/media/stages.ts";
import { decodeInput, encodeInput } from "../../src/protocol/input.ts";
import { PAYLOAD_TYPE } from "../../src/transport/webrtc/peer.ts";
import { createTransport, type WebRtcOptions } from "../../src/transport/webrtc/transport.ts";
import type { WebRtcViewer } from "../../src/transport/webrtc/viewer.ts";
import { UdpRelay } from "../tools/relay.ts";
import { connectPage, launchChromium, pageState, waitForPage } from "./chromium_page.ts";
import { type Clip, ClipPlayer, encodeClip } from "./clip.ts";

const M = 1e6;
let clip: Clip | undefined;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** One session that plays the clip, and a browser; everything is gone after `run`. */
async function withSession(
  options: WebRtcOptions & { startBitrate?: number },
  run: (session: {
    browser: Browser;
    player: ClipPlayer;
    viewer: () => WebRtcViewer;
  }) => Promise<void>,
): Promise<void> {
  clip ??= await encodeClip();
  const transport = await createTransport({
    iceServers: [],
    iceAddresses: ["127.0.0.1"],
    startBitrate: 8 * M,
    maxBitrate: 20 * M,
    ...options,
  });
  const browser = await launchChromium();
  const player = new ClipPlayer(clip);
  const viewers: ViewerTransport[] = [];
  player.onFrame = (frame) => viewers.forEach((viewer) => viewer.sendVideo(frame));
  player.start();
  try {
    await run({
      browser,
      player,
      viewer: () => {
        const viewer = transport.viewer();
        viewer.onIdrNeeded = () => player.requestIdr();
        viewers.push(viewer);
        return viewer as WebRtcViewer;
      },
    });
  } finally {
    player.stop();
    await browser.close();
    await transport.close();
  }
}

/** What the page script put there; only meant inside `evaluate`. */
interface PageGlobals {
  control: RTCDataChannel;
  motion: RTCDataChannel;
}
const portOf = (candidate: string) => Number(candidate.split(" ")[5]);

/** Connects a page through a relay, as far as the page knows. */
async function connectThroughRelay(
  browser: Browser,
  viewer: ViewerTransport,
): Promise<{ page: Page; relay: UdpRelay }> {
  let relay: UdpRelay | undefined;
  const started = Promise.withResolvers<UdpRelay>();
  const page = await connectPage(browser, viewer, {
    rewrite: async (candidate) => {
      if (!relay) {
        relay = await UdpRelay.start({ targetPort: portOf(candidate.candidate) });
        started.resolve(relay);
      }
      const fields = candidate.candidate.split(" ");
      fields[5] = String(relay.port);
      return { ...candidate, candidate: fields.join(" ") };
    },
  });
  return { page, relay: await started.promise };
}

for (const fastPath of [true, false]) {
  Deno.test(`${fastPath ? "fast" : "plain"} path: Chromium shows the frames, with their timestamps`, async () => {
    await withSession({ fastPath }, async ({ browser, viewer: newViewer }) => {
      const viewer = newViewer();
      const sent = new Set<number>();
      viewer.onSent = (rtpTimestamp, sentMs, bytes) => {
        assert.ok(bytes > 0 && sentMs > 0);
        sent.add(rtpTimestamp);
      };
      let estimate: PathEstimate | undefined;
      viewer.onEstimate = (value) => estimate = value;
      const page = await connectPage(browser, viewer);
      const before = await waitForPage(page, (state) => state.frames > 0);
      assert.deepEqual(before.size, [1280, 720]);
      assert.equal(viewer.pathKind, fastPath ? "fast" : "plain");
      await sleep(3000);
      const after = await pageState(page);
      const shown = new Set(after.timestamps);
      // Frames that were shown were sent, and each only once.
      assert.ok([...shown].every((timestamp) => sent.has(timestamp)));
      // The machine may be busy with other tests: most frames, not 60 a second.
      assert.ok(after.frames - before.frames > 60, `${after.frames - before.frames} in 3 s`);
      assert.ok(after.inbound.packetsLost <= 5);
      const { framesDecoded } = after.inbound;
      assert.ok(framesDecoded >= 0.9 * sent.size - 10, `${framesDecoded} of ${sent.size}`);
      // Feedback came, and probes found that loopback carries more than the start.
      assert.ok(estimate && estimate.bitrate > 10 * M, JSON.stringify(estimate));
    });
  });
}

Deno.test("where packets are lost no key is missed, and no answer", async () => {
  await withSession({}, async ({ browser, viewer: newViewer }) => {
    const viewer = newViewer();
    const keys: number[] = [];
    viewer.onInput = (record) => {
      const event = decodeInput(record);
      if (event.kind === "key") keys.push(event.code);
    };
    const { page, relay } = await connectThroughRelay(browser, viewer);
    try {
      // The channels open a little later than the connection.
      await page.waitForFunction(() => {
        const { control, motion } = globalThis as unknown as PageGlobals;
        return control.readyState === "open" && motion.readyState === "open";
      });
      relay.up.impairment.loss = relay.down.impairment.loss = 0.05;
      const codes = Array.from({ length: 300 }, (_, i) => 1 + i % 200);
      const records = codes.map((code) => [
        ...encodeInput({ kind: "key", timeMs: 1, code, down: true }),
      ]);
      const move = [...encodeInput({ kind: "pointer-absolute", timeMs: 2, x: 0.5, y: 0.5 })];
      const answers = codes.map((_, t) => t);
      const answering = (async () => {
        for (const t of answers) {
          viewer.sendControl({ type: "pong", t, now: 0 });
          await sleep(20);
        }
      })();
      await page.evaluate(async ([records, move]) => {
        const { control, motion } = globalThis as unknown as PageGlobals;
        for (const record of records) {
          motion.send(Uint8Array.from(move));
          control.send(Uint8Array.from(record));
          motion.send(Uint8Array.from(move));
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }, [records, move] as const);
      assert.ok(relay.up.dropped > 20, String(relay.up.dropped));
      // Nothing comes after the last one that could bring it along.
      for (let i = 0; i < 200 && keys.length < codes.length; i++) await sleep(50);
      assert.deepEqual(keys, codes);
      await answering;
      const ponged = (received: string[]) =>
        received.map((text) => JSON.parse(text)).filter(({ type }) => type === "pong")
          .map(({ t }) => t);
      const { received } = await waitForPage(
        page,
        ({ received }) => ponged(received).length >= answers.length,
      );
      assert.deepEqual(ponged(received), answers);
    } finally {
      await relay.close();
    }
  });
});

Deno.test("input and control go both ways, and the microphone comes in", async () => {
  await withSession({}, async ({ browser, viewer: newViewer }) => {
    const viewer = newViewer();
    const inputs: string[] = [];
    const controls: unknown[] = [];
    let microphone = 0;
    viewer.onInput = (record) => inputs.push(decodeInput(record).kind);
    viewer.onControl = (message) => controls.push(message);
    viewer.onMicrophone = (packet) => microphone += packet.length > 0 ? 1 : 0;
    // Before the page has opened its channel.
    viewer.sendControl({ type: "pong", t: 1, now: 2 });
    const page = await connectPage(browser, viewer, { microphone: true });
    await waitForPage(page, (state) => state.received.length > 0);
    const key = [...encodeInput({ kind: "key", timeMs: 1, code: 30, down: true })];
    const move = [...encodeInput({ kind: "pointer-absolute", timeMs: 2, x: 0.5, y: 0.5 })];
    await page.evaluate(([key, move]) => {
      const { control, motion } = globalThis as unknown as PageGlobals;
      control.send(Uint8Array.from(key));
      motion.send(Uint8Array.from(move));
      control.send(JSON.stringify({ type: "ping", t: 7 }));
    }, [key, move]);
    for (let i = 0; i < 100 && (inputs.length < 2 || !microphone); i++) await sleep(50);
    assert.deepEqual(inputs.sort(), ["key", "pointer-absolute"]);
    assert.deepEqual(controls, [{ type: "ping", t: 7 }]);
    assert.ok(microphone > 0);
  });
});

Deno.test("a page that sends what is no input record is cut off, and only it", async () => {
  await withSession({}, async ({ browser, viewer: newViewer }) => {
    const [bad, good] = [newViewer(), newViewer()];
    const states: string[] = [];
    bad.onState = (state) => states.push(state);
    const badPage = await connectPage(browser, bad);
    // Before another page comes to the front: one behind it may get no frame callbacks.
    await waitForPage(badPage, (state) => state.frames > 0);
    const goodPage = await connectPage(browser, good);
    await waitForPage(goodPage, (state) => state.frames > 0);
    await badPage.evaluate(() =>
      (globalThis as unknown as PageGlobals).motion.send(Uint8Array.of(9, 9, 9))
    );
    for (let i = 0; i < 100 && !states.includes("closed"); i++) await sleep(50);
    assert.deepEqual(states, ["connected", "closed"]);
    const { frames } = await pageState(goodPage);
    await waitForPage(goodPage, (state) => state.frames > frames + 20);
  });
});

Deno.test("lost packets are repeated on request, and audio is sent twice", async () => {
  await withSession({}, async ({ browser, viewer: newViewer }) => {
    const viewer = newViewer();
    const { page, relay } = await connectThroughRelay(browser, viewer);
    try {
      await waitForPage(page, (state) => state.frames > 10);
      let rtp = 0;
      const silence = setInterval(() => {
        viewer.sendAudio(opusSilence(rtp));
        rtp += 480;
      }, 10);
      relay.down.impairment.loss = 0.05;
      const before = await pageState(page);
      await sleep(4000);
      clearInterval(silence);
      const after = await pageState(page);
      const repeated = (after.inbound.retransmittedPacketsReceived ?? 0) -
        (before.inbound.retransmittedPacketsReceived ?? 0);
      assert.ok(relay.down.dropped > 20);
      assert.ok(after.inbound.nackCount > 0);
      assert.ok(repeated > relay.down.dropped / 3, `${repeated} of ${relay.down.dropped}`);
      // Nearly half of the frames wait for a repeat, and some are overtaken by the next.
      assert.ok(after.frames - before.frames > 40, `${after.frames - before.frames} in 4 s`);
      assert.ok(viewer.estimate!.loss > 0.01);
    } finally {
      await relay.close();
    }
  });
});

Deno.test("lost packets come back by parity, where no repeat gets through", async () => {
  await withSession({}, async ({ browser, viewer: newViewer }) => {
    const viewer = newViewer();
    let sent = 0;
    viewer.onSent = () => sent++;
    const { page, relay } = await connectThroughRelay(browser, viewer);
    try {
      await waitForPage(page, (state) => state.frames > 10);
      relay.down.refuses = (packet) => (packet[1] & 127) === PAYLOAD_TYPE.rtx;
      relay.down.impairment.loss = 0.02;
      // Until the loss is known.
      await sleep(2000);
      const before = await pageState(page);
      const [sentBefore, dropped] = [sent, relay.down.dropped];
      await sleep(4000);
      const after = await pageState(page);
      const count = (name: string) => (after.inbound[name] ?? 0) - (before.inbound[name] ?? 0);
      assert.equal(count("retransmittedPacketsReceived"), 0);
      assert.ok(relay.down.dropped - dropped > 30);
      assert.ok(count("fecPacketsReceived") > 100, `${count("fecPacketsReceived")}`);
      // A fifth of the frames loses a packet. Without repair each of them costs what follows up to
      // the next IDR, which leaves less than a third.
      const share = count("framesDecoded") / (sent - sentBefore);
      assert.ok(share > 0.6, `${share}`);
    } finally {
      await relay.close();
    }
  });
});

Deno.test("a path without loss gets no parity", async () => {
  await withSession({}, async ({ browser, viewer: newViewer }) => {
    const viewer = newViewer();
    const page = await connectPage(browser, viewer);
    await waitForPage(page, (state) => state.frames > 120);
    const { inbound } = await pageState(page);
    // A busy machine may lose some itself.
    if (inbound.packetsLost === 0) assert.equal(inbound.fecPacketsReceived ?? 0, 0);
  });
});

Deno.test("a burst of picture loss asks for few IDRs, and the picture comes back", async () => {
  await withSession({}, async ({ browser, viewer: newViewer, player }) => {
    const viewer = newViewer();
    const { page, relay } = await connectThroughRelay(browser, viewer);
    try {
      await waitForPage(page, (state) => state.frames > 10);
      const requests = player.idrRequests;
      relay.cut = true;
      await sleep(700);
      relay.cut = false;
      const { frames } = await pageState(page);
      await waitForPage(page, (state) => state.frames > frames + 60);
      assert.ok(player.idrRequests - requests <= 8);
    } finally {
      await relay.close();
    }
  });
});

Deno.test("a viewer is lost when its path is cut and comes back on the same connection", async () => {
  await withSession({}, async ({ browser, viewer: newViewer }) => {
    const viewer = newViewer();
    const states: string[] = [];
    viewer.onState = (state) => states.push(state);
    const { page, relay } = await connectThroughRelay(browser, viewer);
    try {
      await waitForPage(page, (state) => state.frames > 10);
      relay.cut = true;
      for (let i = 0; i < 100 && !states.includes("lost"); i++) await sleep(50);
      assert.deepEqual(states, ["connected", "lost"]);
      relay.cut = false;
      const { frames } = await pageState(page);
      await waitForPage(page, (state) => state.frames > frames + 30);
      assert.deepEqual(states, ["connected", "lost", "connected"]);
    } finally {
      await relay.close();
    }
  });
});

Deno.test("a viewer whose address changes is followed without a new offer", async () => {
  await withSession({}, async ({ browser, viewer: newViewer }) => {
    const viewer = newViewer();
    const { page, relay } = await connectThroughRelay(browser, viewer);
    try {
      await waitForPage(page, (state) => state.frames > 10);
      relay.rebind();
      await sleep(500);
      const { frames } = await pageState(page);
      await waitForPage(page, (state) => state.frames > frames + 60, 20000);
      assert.equal(viewer.state, "connected");
    } finally {
      await relay.close();
    }
  });
});

Deno.test("a viewer on a slow path does not slow the others", async () => {
  await withSession({}, async ({ browser, viewer: newViewer, player }) => {
    const [slow, good] = [newViewer(), newViewer()];
    let sent = 0;
    good.onSent = () => sent++;
    const { page: slowPage, relay } = await connectThroughRelay(browser, slow);
    try {
      const goodPage = await connectPage(browser, good);
      await waitForPage(slowPage, (state) => state.frames > 10);
      const before = await waitForPage(goodPage, (state) => state.frames > 10);
      relay.down.impairment.rate = M;
      const [played, sentBefore, idrs] = [player.played, sent, player.idrRequests];
      await sleep(4000);
      // Every frame that was played left for the good viewer, and its decoder got it.
      assert.ok(sent - sentBefore >= player.played - played - 2);
      const after = await pageState(goodPage);
      const decoded = after.inbound.framesDecoded - before.inbound.framesDecoded;
      assert.ok(decoded > 0.85 * (sent - sentBefore), `${decoded} of ${sent - sentBefore}`);
      // What the slow one asks for is an IDR for all: not often.
      assert.ok(player.idrRequests - idrs <= 8, `${player.idrRequests - idrs} requests`);
    } finally {
      await relay.close();
    }
  });
});

Deno.test("a narrow path is found: the estimate falls to what it carries", async () => {
  await withSession({}, async ({ browser, viewer: newViewer, player }) => {
    const viewer = newViewer();
    const estimates: PathEstimate[] = [];
    viewer.onEstimate = (estimate) => estimates.push(estimate);
    const { page, relay } = await connectThroughRelay(browser, viewer);
    try {
      await waitForPage(page, (state) => state.frames > 10);
      // Less than the clip's 6 Mbit/s: frames are dropped for this viewer, whole.
      relay.down.impairment.rate = 3 * M;
      await sleep(5000);
      const { bitrate } = estimates[estimates.length - 1];
      assert.ok(bitrate < 4 * M, `${bitrate} bit/s`);
      assert.ok(player.played > 100);
    } finally {
      await relay.close();
    }
  });
});

/** A 10 ms Opus packet of silence (RFC 6716: CELT, full band, stereo, one frame). */
function opusSilence(rtpTimestamp: number): EncodedAudio {
  return { data: Uint8Array.of(0xf4, 0xff, 0xfe), rtpTimestamp, durationMs: 10, level: -127 };
}
