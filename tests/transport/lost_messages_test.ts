/** Data channels where packets are lost. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { ControlToViewer } from "../../src/protocol/control.ts";
import {
  chunkType,
  dataTsn,
  expire,
  filterReceived,
  filterSent,
  type Sctp,
  type SctpPair,
  tsnAfter,
  withSctpPair,
} from "./sctp_page.ts";
import { until } from "./werift_peer.ts";

/** Type of a SACK chunk (RFC 9260, 3.2). */
const SACK = 3;

for (
  const [what, first] of [
    ["come to one digit more", 999_999_990],
    ["wrap around", 2 ** 32 - 10],
    ["are far from both", 3_000_000_000],
  ] as const
) {
  Deno.test(`what the page repeats is taken and acknowledged where its numbers ${what}`, async () => {
    const lost = new Set([7, 11, 12].map((at) => tsnAfter(first, at)));
    let lostNow = 0;
    await withSctpPair(async ({ viewer, peer, page }) => {
      const times: number[] = [];
      viewer.onControl = (message) => {
        if (message.type === "ping") times.push(message.t);
      };
      for (let t = 0; t < 40; t++) peer.control.send(JSON.stringify({ type: "ping", t }));
      await until("every message", () => times.length === 40);
      assert.deepEqual(times, Array.from({ length: 40 }, (_, at) => at));
      assert.equal(lostNow, 3);
      await until("everything to be acknowledged", () => page.sentQueue.length === 0);
    }, (_, page) => {
      Object.assign(page, {
        localTsn: first,
        lastSackedTsn: first - 1,
        advancedPeerAckTsn: first - 1,
        reconfigRequestSeq: first,
      });
      filterSent(page, (packet) => {
        if (!lost.delete(dataTsn(packet) ?? NaN)) return true;
        lostNow++;
        return false;
      });
    });
  });
}

/** A FORWARD-TSN chunk (RFC 3758, 3.2) without streams; werift sends none, as it gives nothing up. */
function forwardTsn(cumulativeTsn: number): { bytes: Uint8Array } {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setUint32(0, 192 << 24 | 8);
  new DataView(bytes.buffer).setUint32(4, cumulativeTsn);
  return { bytes };
}

Deno.test("a message of which a part has come survives that the page gives up an earlier one", async () => {
  await withSctpPair(async ({ viewer, peer, session, page }) => {
    const texts: string[] = [];
    viewer.onControl = (message) => {
      if (message.type === "clipboard") texts.push(message.text);
    };
    const waiting = () =>
      Object.values(session.inboundStreams)
        .reduce((count, stream) => count + stream.reassembly.length, 0);
    const sendText = (text: string) =>
      peer.control.send(JSON.stringify({ type: "clipboard", text }));

    // A motion message of two parts, the first of which is lost; then a text of three, the last late.
    const first = page.localTsn;
    let heldBack: Buffer | undefined;
    filterSent(page, (packet) => {
      const tsn = dataTsn(packet);
      if (tsn === tsnAfter(first, 4)) heldBack = packet;
      return tsn !== first && tsn !== tsnAfter(first, 4);
    });
    peer.motion.send(Buffer.alloc(1500));
    sendText("a".repeat(3000));
    await until("parts of both messages", () => waiting() === 3 && heldBack !== undefined);

    await page.sendChunk(forwardTsn(tsnAfter(first, 1)));
    await until("the part of what was given up to go", () => waiting() < 3);
    assert.equal(waiting(), 2);
    await session.handleData(heldBack!);
    sendText("b");
    await until("both texts", () => texts.length === 2);
    assert.deepEqual(texts, ["a".repeat(3000), "b"]);
    assert.equal(waiting(), 0);
  });
});

/** Texts as the page gets them. */
function receivedTexts({ peer }: SctpPair): string[] {
  const texts: string[] = [];
  peer.control.onMessage.subscribe((data) => {
    const message: ControlToViewer = JSON.parse(String(data));
    if (message.type === "clipboard") texts.push(message.text);
  });
  return texts;
}

/** A text that fills `bytes` of a packet as a clipboard message. */
function textOf(bytes: number): string {
  return "x".repeat(bytes - JSON.stringify({ type: "clipboard", text: "" }).length);
}

/** Sends texts with that many bytes each, and lets only {@linkcode expire} end the timer of that. */
function sendTexts({ viewer, session }: SctpPair, sizes: number[]): string[] {
  session.rto = 60;
  const texts = sizes.map(textOf);
  for (const text of texts) viewer.sendControl({ type: "clipboard", text });
  return texts;
}

/** Sends more than fits on the way at once, and expects the page to get all of it. */
async function expectMore(pair: SctpPair, received: string[], before: string[]): Promise<void> {
  const more = Array.from({ length: 20 }, (_, at) => `${at}`.repeat(300));
  for (const text of more) pair.viewer.sendControl({ type: "clipboard", text });
  await until("every text", () => received.length === before.length + more.length);
  assert.deepEqual(received, [...before, ...more]);
  await until("everything to be acknowledged", () => pair.session.sentQueue.length === 0);
}

function acknowledged({ sentQueue }: Sctp): number {
  return sentQueue.filter(({ acked }) => acked).length;
}

Deno.test("what came behind a lost message is not sent again, and sending goes on", async () => {
  await withSctpPair(async (pair) => {
    const { session, page } = pair;
    const received = receivedTexts(pair);
    const first = session.localTsn;
    const copies = [0, 0, 0];
    filterReceived(page, (packet) => {
      const at = copies.findIndex((_, at) => dataTsn(packet) === tsnAfter(first, at));
      return at < 0 || ++copies[at] > 1 || at > 0;
    });
    const texts = sendTexts(pair, [60, 700, 900]);
    await until("two to be acknowledged", () => acknowledged(session) === 2);
    expire(session);
    await until("all three", () => received.length === 3);
    await expectMore(pair, received, texts);
    assert.deepEqual(copies, [2, 1, 1]);
  });
});

Deno.test("sending goes on where an acknowledgement crosses what it is about, sent again", async () => {
  await withSctpPair(async (pair) => {
    const { session, page } = pair;
    const received = receivedTexts(pair);
    const first = session.localTsn;
    const copies = [0, 0, 0, 0];
    let late: Buffer | undefined;
    let deaf = true;
    filterSent(page, (packet) => !deaf || chunkType(packet) !== SACK);
    const take = filterReceived(page, (packet) => {
      const at = copies.findIndex((_, at) => dataTsn(packet) === tsnAfter(first, at));
      if (at < 0) return true;
      copies[at]++;
      if (at > 0) return true;
      // The first text is lost once, and then comes after everything else.
      if (copies[0] > 1) {
        late = packet;
        deaf = false;
      }
      return false;
    });
    // After the timer only the first two fill the way; the others wait to be sent again.
    const texts = sendTexts(pair, [60, 1130, 930, 930]);
    await until("the first copies", () => copies.every((count) => count > 0));
    expire(session);
    await until(
      "the others to be sent again or acknowledged",
      () =>
        late !== undefined && acknowledged(session) === 3 &&
        session.sentQueue.every(({ retransmit }) => !retransmit),
    );
    await take(late!);
    await until("all four", () => received.length === 4);
    await expectMore(pair, received, texts);
  });
});

Deno.test("what the page acknowledged and then threw away is sent again", async () => {
  await withSctpPair(async (pair) => {
    const { session, page } = pair;
    const received = receivedTexts(pair);
    const first = session.localTsn;
    let lost = false;
    filterReceived(page, (packet) => {
      if (lost || dataTsn(packet) !== first) return true;
      lost = true;
      return false;
    });
    const texts = sendTexts(pair, [60, 700]);
    await until("the second to be acknowledged", () => acknowledged(session) === 1);
    page.sackMisOrdered.clear();
    for (const stream of Object.values(page.inboundStreams)) stream.reassembly = [];
    expire(session);
    await until("the first to be acknowledged", () => session.sentQueue.length === 1);
    expire(session);
    await until("both", () => received.length === 2);
    await expectMore(pair, received, texts);
  });
});
