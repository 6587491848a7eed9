/**
 * Everything that reaches behind the public surface of werift 0.25's data channels (SCTP), with the reason
 * for each. It is sound where no packet is lost; what is here is what it lacks where some are.
 */
import type { Buffer } from "node:buffer";
import type { Event, RTCPeerConnection } from "werift";

interface InboundStream {
  reassembly: { userData?: Uint8Array }[];
  popMessages(): Iterable<[streamId: number, protocol: number, data: Buffer]>;
  /** Throws away what waits of numbers up to `tsn`; returns its bytes. */
  pruneChunks(tsn: number): number;
}

/** What is used of a chunk's fields; each kind has some. */
interface Chunk {
  type: number;
  flags: number;
  initialTsn: number;
  tsn: number;
  cumulativeTsn: number;
  duplicates: number[];
  /** Came, as the peer says, behind others that did not (Gap Ack Block; RFC 9260, 3.3.4). */
  acked: boolean;
}

interface Association {
  isServer: boolean;
  associationState: number;
  inboundStreams: Record<string, InboundStream>;
  getInboundStream(streamId: number): InboundStream;
  onReceive: Event<[number, number, Buffer]>;
  reconfigResponseSeq: number;
  receiveChunk(chunk: Chunk): Promise<void>;
  receiveForwardTsnChunk(chunk: Chunk): void;
  sendChunk(chunk: Chunk | undefined): Promise<void>;
  /** What is sent and not acknowledged, by number; the first is what the peer waits for. */
  sentQueue: Chunk[];
  flightSizeIncrease(chunk: Chunk): void;
  /** Whether a chunk is not to be sent again. */
  maybeAbandon(chunk: Chunk): boolean;
  /** Retransmission timeout, smoothed round trip and its variation, in seconds. */
  rto: number;
  srtt: number | undefined;
  rttvar: number | undefined;
  updateRto(roundTrip: number): void;
  timer1Failures: number;
  /** Repeats what opens the association, eight times at most. */
  timer1Expired(): void;
  /** Repeats data. */
  timer3Expired(): void;
}

interface SctpTransportInternals {
  sctp: Association;
  datachannelReceive(streamId: number, protocol: number, data: Buffer): Promise<void>;
}

/** Bytes that wait in werift for the rest of their data channel message; it sets no limit itself. */
export function unassembledBytes(peer: RTCPeerConnection): number {
  const transport = peer.sctpTransport as unknown as SctpTransportInternals | undefined;
  let bytes = 0;
  for (const stream of Object.values(transport?.sctp.inboundStreams ?? {})) {
    for (const chunk of stream.reassembly) bytes += chunk.userData?.length ?? 0;
  }
  return bytes;
}

/** Mends what werift gets wrong where packets are lost. Called before the association begins. */
export function withstandLoss(peer: RTCPeerConnection): void {
  const { sctp } = peer.sctpTransport as unknown as SctpTransportInternals;
  deliverAllMessages(sctp);
  keepFragments(sctp);
  renumber(sctp);
  countInFlight(sctp);
  askForAcknowledgements(sctp);
  measureRoundTrips(sctp);
  backOff(sctp);
  repeatOpening(sctp);
}

/** Has `mend` change each stream that the peer begins, before anything of it is taken in. */
function changeStreams(sctp: Association, mend: (stream: InboundStream) => void): void {
  const original = sctp.getInboundStream.bind(sctp);
  sctp.getInboundStream = (streamId) => {
    const isKnown = streamId in sctp.inboundStreams;
    const stream = original(streamId);
    if (!isKnown) mend(stream);
    return stream;
  };
}

/**
 * Has `change` see each chunk before it is sent. A repeat is sent a moment after its timer, and there is
 * none left where the answer came in between: then werift sends `undefined`. It expects a rejection of
 * that, never an exception, which from a timer would end the session's process.
 */
function changeSent(sctp: Association, change: (chunk: Chunk) => void): void {
  const send = sctp.sendChunk.bind(sctp);
  sctp.sendChunk = async (chunk) => {
    if (!chunk) return;
    change(chunk);
    await send(chunk);
  };
}

/**
 * Lets werift deliver every message that is complete. Its own look at a stream ends at the first one whose
 * TSN does not follow that of the one before, and with two channels it seldom does. After a loss the rest
 * would wait, each for the next message; and where the peer gives up a chunk of the unreliable channel
 * meanwhile (FORWARD-TSN, RFC 3758, 3.6), werift throws what waits away, and never again delivers anything
 * of that stream.
 */
function deliverAllMessages(sctp: Association): void {
  changeStreams(sctp, (stream) => {
    const look = stream.popMessages.bind(stream);
    stream.popMessages = function* () {
      for (let found = true; found;) {
        found = false;
        for (const message of look()) {
          found = true;
          yield message;
        }
      }
    };
  });
}

/**
 * Keeps the fragments that wait for the rest of their message when the peer gives up an earlier chunk. With
 * that goes what waits of numbers up to the one it names (RFC 3758, 3.6). werift goes on to the last number
 * before the next gap: it would throw away what it has acknowledged, which never comes again, and with the
 * message all that follows on its stream.
 */
function keepFragments(sctp: Association): void {
  let givenUpTo = 0;
  const receive = sctp.receiveForwardTsnChunk.bind(sctp);
  sctp.receiveForwardTsnChunk = (chunk) => {
    givenUpTo = chunk.cumulativeTsn;
    receive(chunk);
  };
  changeStreams(sctp, (stream) => {
    const prune = stream.pruneChunks.bind(stream);
    stream.pruneChunks = () => prune(givenUpTo);
  });
}

/** Types of chunks (RFC 9260, 3.2; RFC 3758, 3.2). */
const DATA = 0;
const INIT = 1;
const INIT_ACK = 2;
const SACK = 3;
const FORWARD_TSN = 192;
/** werift's SCTP_STATE.COOKIE_WAIT */
const COOKIE_WAIT = 2;
const FIRST_TSN = 1_000_000_000;

/**
 * Gives what the peer sends other numbers (TSN), which begin at {@linkcode FIRST_TSN}. Where some are
 * missing werift sorts the rest as texts, and takes differences without regard to the wrap at 2^32: a loss
 * while the peer's own numbers, which begin anywhere, come to one digit more or to the wrap would stop its
 * acknowledgements for good. From there it is three thousand million messages to the next such place.
 */
function renumber(sctp: Association): void {
  let offset = 0;
  const inner = (tsn: number) => (tsn - offset) >>> 0;
  const outer = (tsn: number) => (tsn + offset) >>> 0;
  const receive = sctp.receiveChunk.bind(sctp);
  sctp.receiveChunk = async (chunk) => {
    const opens = chunk.type === INIT && sctp.isServer ||
      chunk.type === INIT_ACK && sctp.associationState === COOKIE_WAIT;
    if (opens) {
      const { initialTsn } = chunk;
      offset = initialTsn - FIRST_TSN;
      chunk.initialTsn = FIRST_TSN;
      await receive(chunk);
      // Numbers of requests to reset a stream (RFC 6525, 4.1) are not changed.
      sctp.reconfigResponseSeq = (initialTsn - 1) >>> 0;
      return;
    }
    if (chunk.type === DATA) chunk.tsn = inner(chunk.tsn);
    if (chunk.type === FORWARD_TSN) chunk.cumulativeTsn = inner(chunk.cumulativeTsn);
    await receive(chunk);
  };
  changeSent(sctp, (chunk) => {
    if (chunk.type !== SACK) return;
    chunk.cumulativeTsn = outer(chunk.cumulativeTsn);
    chunk.duplicates = chunk.duplicates.map(outer);
  });
}

/**
 * Keeps werift's count of the bytes on the way right: nothing new is sent while it is above the congestion
 * window (RFC 9260, 6.1 B), and where all is acknowledged no timer ends that. When data is late werift sends
 * everything again and counts it again, but an acknowledgement takes off only what had none before. So what
 * is sent again has none; and what has one is not sent again (6.3.3 E3), but for the first: the peer would
 * not wait for it if it still had it (it may throw away what came behind a gap; 6.2.1 D iii).
 */
function countInFlight(sctp: Association): void {
  const increase = sctp.flightSizeIncrease.bind(sctp);
  sctp.flightSizeIncrease = (chunk) => {
    chunk.acked = false;
    increase(chunk);
  };
  const abandon = sctp.maybeAbandon.bind(sctp);
  sctp.maybeAbandon = (chunk) => chunk.acked && chunk !== sctp.sentQueue[0] || abandon(chunk);
}

/** The I bit of a DATA chunk's flags (RFC 9260, 3.3.1). */
const IMMEDIATELY = 8;

/**
 * Asks for each acknowledgement at once (RFC 7053). Browsers send one for two packets, or after up to
 * 200 ms: that would be in all round trips measured, and messages are seldom two at a time.
 */
function askForAcknowledgements(sctp: Association): void {
  changeSent(sctp, (chunk) => {
    if (chunk.type === DATA) chunk.flags |= IMMEDIATELY;
  });
}

/** Seconds: RTO.Initial and RTO.Min of RFC 9260, 6.3.1, as Chromium sets them. */
const RTO_INITIAL = 0.5;
const RTO_MIN = 0.4;
/** What the timeout is above the round trip at least, as in Chromium: however even the path has been. */
const MARGIN_MIN = 0.11;
const ROUND_TRIP_MAX = 10;

/**
 * Has what was lost on the way to the peer repeated as early as browsers do. werift has the RFC's defaults
 * (3 s until a round trip is known, then 1 s and more), with which a lost answer, cursor or rumble, and the
 * channels themselves, are late by that much. It measures by the wall clock, so a round trip may seem
 * negative or long where that was set.
 */
function measureRoundTrips(sctp: Association): void {
  sctp.rto = RTO_INITIAL;
  const update = sctp.updateRto.bind(sctp);
  sctp.updateRto = (roundTrip) => {
    if (roundTrip < 0 || roundTrip > ROUND_TRIP_MAX) return;
    update(roundTrip);
    const { srtt = 0, rttvar = 0 } = sctp;
    sctp.rto = Math.max(RTO_MIN, srtt + Math.max(4 * rttvar, MARGIN_MIN));
  };
}

/** Up to where the timeout doubles, in seconds; Chromium's is 3. */
const RTO_DOUBLED_MAX = 2;

/**
 * Doubles the timeout whenever data is repeated (RFC 9260, 6.3.3 E2), until a round trip is measured. That
 * is only done on what was sent once (6.3.1 C5): where the path takes longer than the timeout, werift would
 * repeat everything and never measure that.
 */
function backOff(sctp: Association): void {
  const repeat = sctp.timer3Expired;
  sctp.timer3Expired = () => {
    sctp.rto = Math.max(sctp.rto, Math.min(2 * sctp.rto, RTO_DOUBLED_MAX));
    repeat();
  };
}

/** Seconds between two tries to open the association at most. */
const RTO_OPEN_MAX = 4;

/**
 * Doubles the time between tries to open the association, so that werift's nine (RFC 9260, 4: T1-init)
 * last for half a minute. The timeout of data stays as it is: one try without an answer says nothing of the
 * path, as the page may not have been there yet.
 */
function repeatOpening(sctp: Association): void {
  const repeat = sctp.timer1Expired;
  sctp.timer1Expired = () => {
    const { rto } = sctp;
    sctp.rto = Math.min(RTO_INITIAL * 2 ** (sctp.timer1Failures + 1), RTO_OPEN_MAX);
    repeat();
    sctp.rto = rto;
  };
}

/**
 * Catches what werift throws on malformed data channel messages (an unknown payload protocol, an
 * acknowledgement of a channel that is not there): as a rejection that nobody handles it would end
 * the session's process.
 */
export function guardDataChannels(peer: RTCPeerConnection, failed: (error: unknown) => void): void {
  const transport = peer.sctpTransport as unknown as SctpTransportInternals;
  transport.sctp.onReceive.allUnsubscribe();
  transport.sctp.onReceive.subscribe((streamId, protocol, data) => {
    transport.datachannelReceive(streamId, protocol, data).catch(failed);
  });
}
