/** When the session repeats data channel messages, and what it knows of the path for that. */
import assert from "node:assert/strict";
import {
  chunkFlags,
  chunkType,
  dataTsn,
  expire,
  filterReceived,
  withSctpPair,
} from "./sctp_page.ts";
import { until } from "./werift_peer.ts";

/** Type of an INIT chunk (RFC 9260, 3.2). */
const INIT = 1;
/** The I bit (RFC 9260, 3.3.1). */
const IMMEDIATELY = 8;

Deno.test("a round trip longer than the timeout is measured", async () => {
  await withSctpPair(async ({ viewer, session, page }) => {
    const measured: number[] = [];
    const update = session.updateRto;
    session.updateRto = (roundTrip) => {
      measured.push(roundTrip);
      update(roundTrip);
    };
    const send = page.transport.send.bind(page.transport);
    const onTheWay = new Set<Promise<void>>();
    page.transport.send = async (packet) => {
      const sent = new Promise((resolve) => setTimeout(resolve, 700)).then(() => send(packet));
      onTheWay.add(sent);
      await sent;
      onTheWay.delete(sent);
    };
    session.rto = 0.5;
    for (let t = 0; t < 4; t++) {
      viewer.sendControl({ type: "pong", t, now: 0 });
      await until("an acknowledgement", () => session.sentQueue.length === 0);
    }
    assert.ok(measured.some((roundTrip) => roundTrip > 0.6), `measured ${measured}`);
    await Promise.all(onTheWay);
  });
});

Deno.test("the timeout doubles to two seconds", async () => {
  await withSctpPair(({ session }) => {
    const after = (rto: number) => {
      session.rto = rto;
      expire(session);
      return session.rto;
    };
    assert.deepEqual([0.5, 1, 2, 5].map(after), [1, 2, 2, 5]);
    return Promise.resolve();
  });
});

Deno.test("the timeout leaves a margin, and is not taken from a clock that was set", async () => {
  await withSctpPair(({ session }) => {
    for (let i = 0; i < 100; i++) session.updateRto(0.35);
    const { rto, srtt } = session;
    assert.ok(Math.abs(rto - 0.46) < 0.001, `timeout ${rto} s`);
    session.updateRto(-3600);
    session.updateRto(3600);
    assert.equal(session.rto, rto);
    assert.equal(session.srtt, srtt);
    return Promise.resolve();
  });
});

Deno.test("each message asks for its acknowledgement at once", async () => {
  let asked = 0;
  let unasked = 0;
  await withSctpPair(async ({ viewer }) => {
    for (let t = 0; t < 5; t++) viewer.sendControl({ type: "pong", t, now: 0 });
    await until("five messages", () => asked + unasked >= 5);
    assert.equal(unasked, 0);
  }, (_, page) => {
    filterReceived(page, (packet) => {
      if (dataTsn(packet) === undefined) return true;
      if (chunkFlags(packet) & IMMEDIATELY) asked++;
      else unasked++;
      return true;
    });
  });
});

Deno.test("tries to open the channels do not count for the timeout of messages", async () => {
  let tries = 0;
  let rto: number | undefined;
  await withSctpPair(() => {
    assert.equal(tries, 3);
    assert.equal(rto, 0.5);
    return Promise.resolve();
  }, (session, page) => {
    filterReceived(page, (packet) => chunkType(packet) !== INIT || ++tries > 2);
    session.stateChanged.connected.subscribe(() => rto = session.rto);
  });
});

Deno.test("an answer may come between the end of its timer and the repeat", async () => {
  await withSctpPair(async ({ viewer, peer, session }) => {
    const got = peer.control.onMessage.asPromise();
    session.timer1Expired();
    session.timer1Cancel();
    await new Promise((resolve) => setImmediate(resolve));
    await session.sendChunk(undefined);
    viewer.sendControl({ type: "pong", t: 1, now: 0 });
    assert.match(String(await got), /pong/);
  });
});
