/**
 * One UDP port for all sessions of a node: transports of two sessions, the node's listener, and real
 * viewers. Debian packages: chromium, ffmpeg.
 */
import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { Message, parseMessage } from "werift";
import { UdpPorts } from "../../src/node/udp_ports.ts";
import type { Transport, ViewerTransport } from "../../src/media/stages.ts";
import type { IceServer } from "../../src/protocol/session.ts";
import { sessionTag } from "../../src/system/udp/hand_over.ts";
import { createTransport } from "../../src/transport/webrtc/transport.ts";
import type { Peer } from "../../src/transport/webrtc/peer.ts";
import type { WebRtcViewer } from "../../src/transport/webrtc/viewer.ts";
import { UdpRelay } from "../tools/relay.ts";
import {
  connectPage,
  launchChromium,
  type PageState,
  pageState,
  waitForPage,
} from "./chromium_page.ts";
import { type Clip, ClipPlayer, encodeClip } from "./clip.ts";
import { seeded } from "./simulated_path.ts";
import { connectWerift, until, type WeriftPeer, type WeriftPeerOptions } from "./werift_peer.ts";

const M = 1e6;
let clip: Clip | undefined;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A session as far as the transport goes: it plays the clip to its viewers. */
class PlayingSession {
  readonly player: ClipPlayer;
  readonly #viewers: ViewerTransport[] = [];

  constructor(readonly id: string, readonly transport: Transport) {
    this.player = new ClipPlayer(clip!);
    this.player.onFrame = (frame) => this.#viewers.forEach((viewer) => viewer.sendVideo(frame));
    this.player.start();
  }

  viewer(): WebRtcViewer {
    const viewer = this.transport.viewer() as WebRtcViewer;
    viewer.onIdrNeeded = () => this.player.requestIdr();
    this.#viewers.push(viewer);
    return viewer;
  }
}

/** The node's side, and what it takes to start sessions on its port. */
class Node {
  readonly sessions: PlayingSession[] = [];
  readonly peers: WeriftPeer[] = [];

  private constructor(readonly runRoot: string, readonly port: number, public udp: UdpPorts) {}

  static async start(): Promise<Node> {
    clip ??= await encodeClip({ width: 320, height: 240, kbits: 1000 });
    const runRoot = await Deno.makeTempDir({ prefix: "gamelan-udp-" });
    const socket = createSocket("udp4");
    await new Promise<void>((resolve) => socket.bind(0, () => resolve()));
    const { port } = socket.address();
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    const udp = new UdpPorts(runRoot);
    await udp.open(port);
    assert.equal(udp.port, port);
    return new Node(runRoot, port, udp);
  }

  async session(
    id: string,
    iceAddresses = ["127.0.0.1"],
    iceServers: IceServer[] = [],
  ): Promise<PlayingSession> {
    const runDir = join(this.runRoot, id);
    await Deno.mkdir(runDir);
    const transport = await createTransport({
      iceServers,
      iceAddresses,
      sharedPort: { port: this.port, sessionId: id, runDir },
      startBitrate: 4 * M,
      maxBitrate: 8 * M,
    });
    const session = new PlayingSession(id, transport);
    this.sessions.push(session);
    await this.udp.add(id);
    return session;
  }

  /** As a restarted house does: a new agent that only knows which sessions there are. */
  async restart(configured = this.port): Promise<void> {
    this.udp = new UdpPorts(this.runRoot);
    await this.udp.open(configured);
    for (const { id } of this.sessions) await this.udp.add(id);
  }

  async werift(session: PlayingSession, options?: WeriftPeerOptions) {
    const viewer = session.viewer();
    const peer = await connectWerift(viewer, options);
    this.peers.push(peer);
    return { viewer, peer };
  }

  async [Symbol.asyncDispose]() {
    for (const peer of this.peers) await peer.close();
    for (const { player, transport } of this.sessions) {
      player.stop();
      await transport.close();
    }
    await this.udp.close();
    assert.deepEqual(socketsOn(this.port), [], "sockets were left open");
    await Deno.remove(this.runRoot, { recursive: true });
  }
}

/** Remote addresses of this machine's UDP sockets on a port, as the kernel writes them. */
function socketsOn(port: number): string[] {
  return ["udp", "udp6"].flatMap((table) =>
    Deno.readTextFileSync(`/proc/self/net/${table}`).split("\n").slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local]) => local && parseInt(local.split(":")[1], 16) === port)
      .map(([, , remote]) => remote)
  );
}

const connected = (port: number) => socketsOn(port).filter((remote) => !/^0+:0000$/.test(remote));

async function withBrowser(run: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await launchChromium();
  try {
    await run(browser);
  } finally {
    await browser.close();
  }
}

/** Decoded, not shown: a page that another one covers shows nothing. */
const decoded = (state: PageState) => state.inbound.framesDecoded ?? 0;

/** Passes where a page's picture comes. */
const plays = (page: Page) => waitForPage(page, (state) => decoded(state) > 20);

/** Passes where a page's picture goes on. */
async function goesOn(page: Page, frames = 30): Promise<void> {
  const before = decoded(await pageState(page));
  await waitForPage(page, (state) => decoded(state) > before + frames);
}

Deno.test("two sessions with two browsers' viewers each play on one port, also while the node's agent is away", async () => {
  await using node = await Node.start();
  await withBrowser(async (browser) => {
    const [first, second] = [await node.session("first"), await node.session("second")];
    const ports = new Set<string>();
    const join = (session: PlayingSession) =>
      connectPage(browser, session.viewer(), {
        rewrite: (candidate) => {
          ports.add(candidate.candidate.split(" ")[5]);
          return candidate;
        },
      });
    const pages = [await join(first), await join(first), await join(second), await join(second)];
    for (const page of pages) await plays(page);
    assert.deepEqual([...ports], [String(node.port)]);
    assert.ok(connected(node.port).length >= 4);

    // The agent is gone: what is known plays on, and the sessions' sockets are theirs.
    await node.udp.close();
    for (const page of pages) await goesOn(page);
    const waiting = await join(second);
    await sleep(700);
    assert.notEqual((await pageState(waiting)).connection, "connected");

    // A new one finds the sessions again, and their next viewers.
    await node.restart();
    await plays(waiting);
    const late = await join(first);
    await plays(late);
    for (const page of pages) await goesOn(page);
    assert.deepEqual([...ports], [String(node.port)]);
  });
});

Deno.test("an agent that is configured for another port serves the sessions of the old one", async () => {
  await using node = await Node.start();
  const session = await node.session("old");
  await node.udp.close();
  await node.restart(0);
  assert.equal(node.udp.port, undefined);
  const { peer } = await node.werift(session);
  await until("video", () => peer.packets.length > 20);
});

Deno.test("a viewer whose address changes is found again on the shared port", async () => {
  await using node = await Node.start();
  await withBrowser(async (browser) => {
    const session = await node.session("moving");
    await node.session("beside");
    const relay = await UdpRelay.start({ targetPort: node.port });
    try {
      const page = await connectPage(browser, session.viewer(), {
        rewrite: (candidate) => {
          const fields = candidate.candidate.split(" ");
          fields[5] = String(relay.port);
          return { ...candidate, candidate: fields.join(" ") };
        },
      });
      await plays(page);
      const before = connected(node.port);
      relay.rebind();
      await goesOn(page, 60);
      assert.ok(connected(node.port).some((remote) => !before.includes(remote)));
    } finally {
      await relay.close();
    }
  });
});

for (const [what, address] of [["IPv4", "127.0.0.1"], ["IPv6", "::1"]]) {
  Deno.test(`${what}: viewers of two sessions share the port, by the fast path, and give their sockets back`, async () => {
    await using node = await Node.start();
    const sessions = [await node.session("a", [address]), await node.session("b", [address])];
    const joined: Awaited<ReturnType<typeof node.werift>>[] = [];
    for (const session of sessions) joined.push(await node.werift(session, { address }));
    await until("video", () => joined.every(({ peer }) => peer.packets.length > 100));
    for (const { viewer, peer } of joined) {
      assert.equal(viewer.pathKind, "fast");
      const [from, port] = peer.rtc.iceTransports[0].connection.nominated!.remoteAddr;
      assert.deepEqual([from.includes(":"), port], [address.includes(":"), node.port]);
    }
    await joined[0].viewer.close();
    const { length } = joined[1].peer.packets;
    await until("video at the other", () => joined[1].peer.packets.length > length + 50);
    await joined[1].viewer.close();
    await until("the sockets to be closed", () => connected(node.port).length === 0);
  });
}

Deno.test("checks with a wrong password, a wrong session or no sense open no socket and get no answer", async () => {
  await using node = await Node.start();
  const session = await node.session("guarded");
  const { viewer, peer } = await node.werift(session);
  await until("video", () => peer.packets.length > 20);
  const open = connected(node.port).length;
  const fragment = endOf(viewer).usernameFragment;
  assert.ok(fragment.startsWith(sessionTag("guarded")));
  const stranger = createSocket("udp4");
  let answers = 0;
  stranger.on("message", () => answers++);
  const check = (username: string, password?: string) => {
    const message = new Message(1, 0).setAttribute("USERNAME", username).setAttribute(
      "PRIORITY",
      1,
    );
    if (password) {
      (message as Message).addMessageIntegrity(new TextEncoder().encode(password) as never);
    }
    return (message as Message).bytes;
  };
  const random = seeded(7);
  const hostile = [
    check(`${fragment}:x`),
    check(`${fragment}:x`, "not the password, certainly"),
    check(`${sessionTag("guarded")}:x`, "guess"),
    check(`${sessionTag("nobody")}abcd:x`, "guess"),
    check("x", "guess"),
    check("", "guess"),
    check(":".repeat(100), "guess"),
  ];
  for (let i = 0; i < 3000; i++) {
    const bytes = i % 3 === 0
      ? Uint8Array.from({ length: random() * 1200 | 0 }, () => random() * 256 | 0)
      : Uint8Array.from(hostile[i % hostile.length]);
    // A request that is cut or bent.
    if (i % 3 === 1) bytes[20 + random() * (bytes.length - 20) | 0] ^= 1 << (random() * 8);
    stranger.send(bytes, node.port, "127.0.0.1");
    if (i % 100 === 0) await sleep(5);
  }
  await sleep(200);
  assert.equal(answers, 0);
  assert.equal(connected(node.port).length, open);
  const { length } = peer.packets;
  await until("video", () => peer.packets.length > length + 50);
  await new Promise<void>((resolve) => stranger.close(() => resolve()));
  // And the next viewer comes in.
  const { peer: next } = await node.werift(session);
  await until("video", () => next.packets.length > 20);
});

Deno.test("a viewer that names another viewer's address does not get its datagrams", async () => {
  await using node = await Node.start();
  const [first, second] = [await node.session("first"), await node.session("second")];
  const { viewer, peer: victim } = await node.werift(first);
  await until("video", () => victim.packets.length > 50);
  const { address, port } = endOf(viewer).directTarget!;
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
  const remote = `${bytes.reverse().join("").toUpperCase()}:${hex}`;
  const sockets = () => connected(node.port).filter((name) => name === remote).length;
  assert.equal(sockets(), 1);
  const line = `a=candidate:1 1 udp 2130706431 ${address} ${port} typ host`;
  let stolen = 0;
  const counting = setInterval(() => stolen = Math.max(stolen, sockets()), 1);
  await node.werift(second, {
    answer: (sdp) => sdp.replace(/(m=video[^]*?)(?=\r\nm=)/, `$1\r\n${line}`),
  });
  await sleep(500);
  for (let i = 0; i < 3; i++) {
    const { length } = victim.packets;
    await until("video at the victim", () => victim.packets.length > length + 50);
    await sleep(300);
  }
  clearInterval(counting);
  assert.equal(stolen, 2, "the second session did not even try");
  assert.equal(sockets(), 1);
});

Deno.test("sessions that ask one STUN server at a time all learn the shared port's outside address", async () => {
  await using node = await Node.start();
  // A double of a STUN server (RFC 8489): says where a request came from, a moment later.
  const server = createSocket("udp4");
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", () => resolve()));
  server.on("message", (data: Buffer, from) => {
    const request = parseMessage(data)!;
    const answer = new Message(1, 0x100, request.transactionId);
    answer.setAttribute("XOR-MAPPED-ADDRESS", ["198.51.100.7", from.port]);
    setTimeout(() => server.send((answer as Message).bytes, from.port, from.address), 30);
  });
  const iceServers = [{ urls: [`stun:127.0.0.1:${server.address().port}`] }];
  const outside: string[] = [];
  const viewers: WebRtcViewer[] = [];
  for (const id of ["a", "b", "c"]) {
    const session = await node.session(id, ["127.0.0.1"], iceServers);
    viewers.push(session.viewer());
  }
  for (const viewer of viewers) {
    viewer.onCandidate = ({ candidate }) => {
      if (candidate.includes("srflx")) outside.push(candidate.split(" ").slice(4, 6).join(" "));
    };
    viewer.offer();
  }
  await until("three answers", () => outside.length === 3);
  assert.deepEqual(outside, new Array(3).fill(`198.51.100.7 ${node.port}`));
  await until("the sockets to be closed", () => connected(node.port).length === 0);
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

Deno.test("where the port is another program's, sessions have ports of their own until it is free", async () => {
  const runRoot = await Deno.makeTempDir({ prefix: "gamelan-udp-" });
  const program = createSocket("udp4");
  await new Promise<void>((resolve) => program.bind(0, () => resolve()));
  const { port } = program.address();
  const udp = new UdpPorts(runRoot);
  try {
    await udp.open(port);
    assert.equal(udp.port, undefined);
    const options = { iceServers: [], iceAddresses: ["127.0.0.1"], startBitrate: M, maxBitrate: M };
    // What a session does that was told of the port before it was lost.
    const transport = await createTransport({
      ...options,
      sharedPort: { port, sessionId: "late", runDir: runRoot },
    });
    clip ??= await encodeClip({ width: 320, height: 240, kbits: 1000 });
    const session = new PlayingSession("late", transport);
    const peer = await connectWerift(session.viewer());
    await until("video", () => peer.packets.length > 20);
    assert.notEqual(peer.rtc.iceTransports[0].connection.nominated!.remoteAddr[1], port);
    session.player.stop();
    await peer.close();
    await transport.close();
  } finally {
    await new Promise<void>((resolve) => program.close(() => resolve()));
    await udp.close();
    await Deno.remove(runRoot, { recursive: true });
  }
});

/** Below the public surface, as somebody who saw the offer and the packets knows it. */
function endOf(viewer: WebRtcViewer): Peer {
  return (viewer as unknown as { options: { peer: Peer } }).options.peer;
}
