/** The WebRTC transport with werift as the page, in one process. Debian package: ffmpeg. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import type { TransportOptions } from "../../src/media/stages.ts";
import type { ControlFromViewer } from "../../src/protocol/control.ts";
import { encodeInput } from "../../src/protocol/input.ts";
import { createTransport, type WebRtcOptions } from "../../src/transport/webrtc/transport.ts";
import type { Peer } from "../../src/transport/webrtc/peer.ts";
import type { WebRtcViewer } from "../../src/transport/webrtc/viewer.ts";
import { type Clip, ClipPlayer, encodeClip } from "./clip.ts";
import { seeded } from "./simulated_path.ts";
import { connectWerift, until, type WeriftPeer } from "./werift_peer.ts";

const M = 1e6;
let clip: Clip | undefined;

async function withTransport(
  options: Partial<TransportOptions & WebRtcOptions>,
  run: (
    join: (peer?: Parameters<typeof connectWerift>[1]) => Promise<[WebRtcViewer, WeriftPeer]>,
    player: ClipPlayer,
    transport: Awaited<ReturnType<typeof createTransport>>,
  ) => Promise<void>,
): Promise<void> {
  clip ??= await encodeClip({ width: 320, height: 240, kbits: 2000 });
  const transport = await createTransport({
    iceServers: [],
    iceAddresses: ["127.0.0.1"],
    startBitrate: 8 * M,
    maxBitrate: 20 * M,
    ...options,
  });
  const player = new ClipPlayer(clip);
  const viewers: WebRtcViewer[] = [];
  const peers: WeriftPeer[] = [];
  player.onFrame = (frame) => viewers.forEach((viewer) => viewer.sendVideo(frame));
  player.start();
  try {
    await run(
      async (peerOptions) => {
        const viewer = transport.viewer() as WebRtcViewer;
        viewer.onIdrNeeded = () => player.requestIdr();
        viewers.push(viewer);
        const peer = await connectWerift(viewer, peerOptions);
        peers.push(peer);
        return [viewer, peer];
      },
      player,
      transport,
    );
  } finally {
    player.stop();
    for (const peer of peers) await peer.close();
    await transport.close();
  }
}

Deno.test("an offer is ready in a few milliseconds once one was prepared", async () => {
  await withTransport({}, async (_join, _player, transport) => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    const started = performance.now();
    const offer = await transport.viewer().offer();
    assert.ok(performance.now() - started < 50);
    assert.match(offer, /m=video[^]*H264\/90000[^]*m=audio[^]*opus\/48000\/2[^]*m=application/);
    assert.match(
      offer,
      /a=extmap:\d+ http:\/\/www\.webrtc\.org\/experiments\/rtp-hdrext\/playout-delay/,
    );
    assert.doesNotMatch(offer, /a=candidate/);
  });
});

Deno.test("several viewers share one port, and each gets every frame", async () => {
  await withTransport({}, async (join) => {
    const joined = [await join(), await join(), await join()];
    await until(
      "video at all viewers",
      () => joined.every(([, { packets }]) => packets.length > 50),
    );
    const ports = joined.map(([, { rtc }]) =>
      rtc.iceTransports[0].connection.nominated!.remoteAddr[1]
    );
    assert.equal(new Set(ports).size, 1);
    const timestamps = joined.map(([, { packets }]) =>
      new Set(packets.map(({ header }) => header.timestamp))
    );
    assert.ok([...timestamps[0]].some((timestamp) => timestamps[1].has(timestamp)));
  });
});

Deno.test("sequence numbers have no gaps, and a frame ends with the marker", async () => {
  await withTransport({}, async (join) => {
    const [, { packets }] = await join();
    await until("video", () => packets.length > 200);
    for (let i = 1; i < packets.length; i++) {
      const [before, now] = [packets[i - 1].header, packets[i].header];
      assert.equal(now.sequenceNumber, (before.sequenceNumber + 1) & 0xffff);
      assert.equal(before.marker, before.timestamp !== now.timestamp);
    }
  });
});

for (const fastPath of [true, false]) {
  Deno.test(`without RTX the ${fastPath ? "fast" : "plain"} path repeats packets under their own numbers`, async () => {
    await withTransport({ fastPath }, async (join) => {
      const [viewer, { rtc, packets }] = await join({ rtx: false });
      await until("video", () => packets.length > 100);
      assert.equal(viewer.pathKind, fastPath ? "fast" : "plain");
      const wanted = packets[60].header.sequenceNumber;
      const ssrc = packets[60].header.ssrc;
      // RTCP generic NACK (RFC 4585 section 6.2.1), by hand: werift asks only for what it misses.
      const nack = Buffer.alloc(16);
      nack.writeUInt32BE(0x81cd0003, 0);
      nack.writeUInt32BE(1, 4);
      nack.writeUInt32BE(ssrc, 8);
      nack.writeUInt16BE(wanted, 12);
      await rtc.dtlsTransports[0].sendRtcp([{ serialize: () => nack } as never]);
      const again = () => packets.filter(({ header }) => header.sequenceNumber === wanted);
      await until("the packet again", () => again().length === 2);
      assert.deepEqual(again()[0].payload, again()[1].payload);
    });
  });
}

Deno.test("picture loss asks for one IDR, however often it is reported", async () => {
  await withTransport({}, async (join, player) => {
    const [, { rtc, packets }] = await join();
    await until("video", () => packets.length > 50);
    const before = player.idrRequests;
    const pli = Buffer.alloc(12);
    pli.writeUInt32BE(0x81ce0002, 0);
    pli.writeUInt32BE(1, 4);
    pli.writeUInt32BE(packets[0].header.ssrc, 8);
    for (let i = 0; i < 10; i++) {
      await rtc.dtlsTransports[0].sendRtcp([{ serialize: () => pli } as never]);
    }
    await until("an IDR request", () => player.idrRequests > before);
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(player.idrRequests - before, 1);
  });
});

Deno.test("records and control messages reach the session as they were sent", async () => {
  await withTransport({}, async (join) => {
    const [viewer, { control, motion }] = await join();
    const inputs: Uint8Array[] = [];
    const controls: ControlFromViewer[] = [];
    const received: string[] = [];
    viewer.onInput = (record) => inputs.push(record);
    viewer.onControl = (message) => controls.push(message);
    control.onMessage.subscribe((data) => received.push(String(data)));
    await until("channels", () => control.readyState === "open" && motion.readyState === "open");
    const record = encodeInput({ kind: "key", timeMs: 3, code: 30, down: true });
    const text = "x".repeat(150_000);
    control.send(Buffer.from(record));
    motion.send(Buffer.from(encodeInput({ kind: "wheel", timeMs: 4, dx: 0, dy: 120 })));
    control.send(JSON.stringify({ type: "clipboard", text }));
    viewer.sendControl({ type: "notice", level: "info", text: "hello" });
    await until("all messages", () => inputs.length === 2 && controls.length === 1);
    await until("the notice", () => received.length === 1);
    assert.deepEqual(inputs[0], record);
    assert.deepEqual(controls, [{ type: "clipboard", text }]);
    assert.deepEqual(JSON.parse(received[0]), { type: "notice", level: "info", text: "hello" });
  });
});

const hostile: [string, (peer: WeriftPeer) => void][] = [
  ["a record of a wrong length", ({ control }) => control.send(Buffer.alloc(5))],
  ["a record of an unknown kind", ({ motion }) => motion.send(Buffer.alloc(12, 99))],
  ["a record that is too long", ({ motion }) => motion.send(Buffer.alloc(5000, 1))],
  ["text that is no JSON", ({ control }) => control.send("{")],
  ["a message of an unknown type", ({ control }) => control.send('{"type":"reboot"}')],
  ["text on the motion channel", ({ motion }) => motion.send('{"type":"ping","t":1}')],
  ["a channel that is open already", ({ rtc }) => void rtc.createDataChannel("control")],
  ["another channel", ({ rtc }) => void rtc.createDataChannel("shell")],
  ["a channel message of an unknown protocol", ({ rtc, control }) => {
    // deno-lint-ignore no-explicit-any -- below the public surface, as an attacker is
    const sctp = rtc.sctpTransport as any;
    sctp.sctp.send(control.id, 999, Buffer.from("?"), { ordered: true });
  }],
];
for (const [what, send] of hostile) {
  Deno.test(`${what} ends that viewer and nothing else`, async () => {
    await withTransport({}, async (join) => {
      const [bad, badPeer] = await join();
      const [, goodPeer] = await join();
      const states: string[] = [];
      bad.onState = (state) => states.push(state);
      bad.onInput = bad.onControl = () => assert.fail("a hostile message was passed on");
      await until(
        "channels",
        () => badPeer.control.readyState === "open" && badPeer.motion.readyState === "open",
      );
      send(badPeer);
      await until("the end", () => states.includes("closed"));
      const { length } = goodPeer.packets;
      await until("video at the other", () => goodPeer.packets.length > length + 20);
    });
  });
}

Deno.test("a page that floods the session with control messages is disconnected", async () => {
  await withTransport({}, async (join) => {
    const [viewer, { control }] = await join();
    const states: string[] = [];
    let passedOn = 0;
    viewer.onState = (state) => states.push(state);
    viewer.onControl = () => passedOn++;
    await until("the channel", () => control.readyState === "open");
    const mode = (width: number) => ({ mode: { width, height: 720, fps: 60 } });
    for (let i = 0; i < 400; i++) {
      control.send(JSON.stringify({ type: "quality", settings: mode(1280 + 2 * (i % 2)) }));
    }
    await until("the end", () => states.includes("closed"));
    assert.ok(passedOn >= 300 && passedOn < 400, `${passedOn} were passed on`);
  });
});

Deno.test("only so many candidates of a viewer are checked, and no names are looked up", async () => {
  await withTransport({}, async (join) => {
    const many = Array.from(
      { length: 50 },
      (_, i) => `a=candidate:${i} 1 udp 1 10.1.0.${i} 9 typ host`,
    );
    const [viewer, { packets }] = await join({
      answer: (sdp) => sdp.replace(/(m=video[^]*?)(?=\r\nm=)/, `$1\r\n${many.join("\r\n")}`),
    });
    for (let i = 0; i < 50; i++) {
      await viewer.addCandidate({
        candidate: `candidate:9 1 udp 1 10.2.0.${i} 9 typ host`,
        sdpMid: "0",
      });
      await viewer.addCandidate({
        candidate: `candidate:9 1 udp 1 intranet.example 9 typ host`,
        sdpMid: "0",
      });
    }
    await until("video", () => packets.length > 20);
    // Below the public surface; those it learned from checks are not counted.
    const { peer } = (viewer as unknown as { options: { peer: Peer } }).options;
    const { length } = peer.connection.remoteCandidates.filter(({ type }) => type === "host");
    assert.ok(length > 40 && length <= 64, `${length} candidates`);
  });
});

Deno.test("datagrams of strangers are dropped, whatever they are", async () => {
  await withTransport({}, async (join) => {
    const [, { rtc, packets }] = await join();
    await until("video", () => packets.length > 20);
    const port = rtc.iceTransports[0].connection.nominated!.remoteAddr[1];
    const socket = createSocket("udp4");
    let answers = 0;
    socket.on("message", () => answers++);
    const random = seeded(4);
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: random() * 200 | 0 }, () => random() * 256 | 0);
      if (bytes.length > 8 && i % 2) bytes.set([0, 1, 0, bytes.length, 0x21, 0x12, 0xa4, 0x42]);
      socket.send(bytes, port, "127.0.0.1");
    }
    const { length } = packets;
    await until("video", () => packets.length > length + 100);
    assert.equal(answers, 0);
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  });
});

Deno.test("a page that repeats its part of the DTLS handshake connects all the same", async () => {
  await withTransport({}, async (join) => {
    let repeated = 0;
    const [, { packets }] = await join({
      prepare: (rtc) => {
        const { connection } = rtc.iceTransports[0];
        const send = connection.send.bind(connection);
        let keyExchange: Buffer | undefined;
        connection.send = async (data) => {
          // RFC 6347 section 4.3: record type 22 in epoch 0 is a handshake message, its type at 13.
          const isHandshake = data[0] === 22 && data[4] === 0;
          if (isHandshake && data[13] === 16) keyExchange = data;
          await send(data);
          if (!keyExchange || data === keyExchange) return;
          repeated++;
          await send(keyExchange);
        };
      },
    });
    await until("video", () => packets.length > 20);
    assert.ok(repeated > 0);
  });
});

Deno.test("an answer that takes no H.264 is refused with what to do", async () => {
  await withTransport({}, async (join) => {
    await assert.rejects(
      join({ answer: (sdp) => sdp.replace(/m=video \d+ (\S+) [\d ]+/, "m=video 0 $1 102") }),
      /expected an answer that takes H\.264/,
    );
  });
});

Deno.test("a viewer that leaves is closed at once and its place is free", async () => {
  await withTransport({}, async (join) => {
    const [viewer, peer] = await join();
    const states: string[] = [];
    viewer.onState = (state) => states.push(state);
    await until("video", () => peer.packets.length > 10);
    await viewer.close();
    assert.equal(states.at(-1), "closed");
    viewer.sendControl({ type: "pong", t: 1, now: 1 });
    await viewer.addCandidate({ candidate: "candidate:1 1 udp 1 10.0.0.1 5 typ host" });
    const [, next] = await join();
    await until("video", () => next.packets.length > 10);
  });
});

Deno.test("candidates that browsers send are taken or left out, never thrown at", async () => {
  await withTransport({}, async (join) => {
    const [viewer, { packets }] = await join();
    for (
      const candidate of [
        "",
        "candidate:1 1 udp 2113937151 ef69ad42-1c84-4b52-85a5-adb9be5ce8a9.local 45854 typ host",
        "candidate:2 1 tcp 1518280447 192.0.2.9 9 typ host tcptype active",
        "candidate:3 1 udp 1 2001:db8::1 9 typ host",
        "nonsense",
        "candidate:4 1 udp 1 999.1.1.1 99999 typ host",
      ]
    ) {
      await viewer.addCandidate({ candidate, sdpMid: "0" });
      await viewer.addCandidate({ candidate, sdpMid: "no such section" });
    }
    await until("video", () => packets.length > 20);
  });
});

Deno.test("ports come from the range, and a range that is taken is named", async () => {
  const probe = createSocket("udp4");
  await new Promise<void>((resolve) => probe.bind(0, "0.0.0.0", () => resolve()));
  const { port } = probe.address();
  const options = {
    iceServers: [],
    iceAddresses: ["127.0.0.1"],
    startBitrate: M,
    maxBitrate: M,
    udpPorts: [port, port] as [number, number],
  };
  await assert.rejects(
    createTransport(options),
    new RegExp(`free UDP port from ${port} to ${port}`),
  );
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  const transport = await createTransport(options);
  await transport.close();
  await assert.rejects(createTransport({ ...options, maxBitrate: 0 }), RangeError);
});
