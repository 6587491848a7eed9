/**
 * Everything that reaches behind werift 0.25's public surface, with the reason for each.
 *
 * werift does ICE, DTLS, SCTP and SDP here. Its media path is not used: packets are written,
 * encrypted, paced, repeated and accounted by this folder.
 */
import { Buffer } from "node:buffer";
import {
  type Candidate,
  type CandidatePair,
  type Connection,
  HashAlgorithm,
  parseMessage,
  RTCCertificate,
  type RTCDtlsTransport,
  type RTCPeerConnection,
  SignatureAlgorithm,
  StunProtocol,
} from "werift";
import { createSelfSigned } from "../../system/tls.ts";

/** The part of werift's UdpTransport that StunProtocol uses. */
export interface DatagramTransport {
  readonly type: "udp";
  readonly closed: boolean;
  readonly address: { address: string; port: number };
  readonly addressFamily: 4 | 6;
  onData: (data: Buffer, address: [string, number]) => void;
  send(data: Buffer, address?: [string, number]): Promise<void>;
  close(): Promise<void>;
}

interface StunProtocolInternals {
  transport: DatagramTransport;
  datagramReceived(data: Buffer, address: [string, number]): void;
}

interface ConnectionInternals {
  ensureProtocol(protocol: StunProtocol): void;
  pairLocalProtocol(protocol: StunProtocol): void;
  appendLocalCandidate(candidate: Candidate): void;
  getCandidatePromises(addresses: string[], timeout?: number): Promise<unknown>[];
  protocols: StunProtocol[];
}

interface DtlsInternals {
  dtls?: {
    /** The handshake's state; another object after a renegotiation. */
    dtls: { recordSequenceNumber: number };
    onHandleHandshakes(messages: { msg_type: number }[]): Promise<void>;
  };
  startSrtp(): void;
  updateSrtpSession(): void;
  srtp: {
    config: {
      profile: number;
      keys: { localMasterKey: Buffer; localMasterSalt: Buffer };
    };
    decrypt(packet: Buffer): Buffer;
    localContext: {
      cipher: {
        encryptRtp(header: SrtpHeader, payload: Uint8Array, rolloverCounter: number): Buffer;
      };
    };
  };
  srtcp: { decrypt(packet: Buffer): Buffer; encrypt(packet: Buffer): Buffer };
}

interface SrtpHeader {
  serializeSize: number;
  serialize(size: number): Buffer;
  ssrc: number;
  sequenceNumber: number;
}

/** A STUN endpoint of werift on a socket that is not werift's: it opens one per viewer and address. */
export function stunProtocolOn(transport: DatagramTransport): StunProtocol {
  const protocol = new StunProtocol();
  (protocol as unknown as StunProtocolInternals).transport = transport;
  return protocol;
}

export function deliver(protocol: StunProtocol, data: Buffer, from: [string, number]): void {
  (protocol as unknown as StunProtocolInternals).datagramReceived(data, from);
}

/** werift answers connectivity checks without looking at their MESSAGE-INTEGRITY. */
export function isAuthenticated(request: Buffer, password: string): boolean {
  return parseMessage(request, Buffer.from(password, "utf8")) !== undefined;
}

export function iceConnection(peer: RTCPeerConnection): Connection {
  return peer.iceTransports[0].connection as Connection;
}

/**
 * Makes `prefix` the beginning of what a viewer's connectivity checks are addressed to. Before the
 * offer is made.
 */
export function prefixUsernameFragment(connection: Connection, prefix: string): void {
  connection.localUsername = prefix + connection.localUsername;
}

/**
 * Replaces candidate gathering. werift opens a socket per viewer and address, falls back to a
 * public STUN server where none is configured, and holds the offer back until STUN and TURN answer.
 *
 * `host` runs at once; what `relays` starts (TURN, by werift) runs when the returned function is
 * called, so that a spare peer holds no allocation.
 */
export function replaceGathering(connection: Connection, host: () => void): () => void {
  const internals = connection as unknown as ConnectionInternals;
  const original = internals.getCandidatePromises.bind(connection);
  internals.getCandidatePromises = () => {
    host();
    return [];
  };
  return () => {
    // No addresses: only the TURN part of werift's gathering is left. It expects to be through
    // before the answer is, and does not pair its end with candidates that are already there.
    for (const promise of original([])) {
      promise.then(() => {
        for (const protocol of internals.protocols) {
          if ((protocol.type as string) === "turn") internals.pairLocalProtocol(protocol);
        }
      }, () => {});
    }
  };
}

/** Adds a socket end with its first candidate, as werift's own gathering does. */
export function addProtocol(
  connection: Connection,
  protocol: StunProtocol,
  candidate: Candidate,
): void {
  const internals = connection as unknown as ConnectionInternals;
  internals.ensureProtocol(protocol);
  protocol.localCandidate = candidate;
  protocol.localIp = candidate.host;
  internals.protocols.push(protocol);
  internals.pairLocalProtocol(protocol);
  internals.appendLocalCandidate(candidate);
}

export function announceCandidate(connection: Connection, candidate: Candidate): void {
  (connection as unknown as ConnectionInternals).appendLocalCandidate(candidate);
}

/**
 * Moves the connection to another checked pair. werift never leaves the first nominated pair, so a
 * phone that goes from Wi-Fi to mobile would be lost although its checks come in on the new path.
 */
export function selectPair(connection: Connection, pair: CandidatePair): void {
  connection.nominated = pair;
}

/** Encrypted RTP and RTCP in both directions, with the keys that DTLS agreed on. */
export interface MediaSession {
  /** 7: AEAD_AES_128_GCM, 1: AES128_CM_HMAC_SHA1_80 (IANA, DTLS-SRTP protection profiles). */
  profile: number;
  masterKey: Uint8Array;
  masterSalt: Uint8Array;
  /** `header`: the whole RTP header. Takes the rollover counter from `extendedSequence`. */
  encryptRtp(
    header: Uint8Array,
    payload: Uint8Array,
    ssrc: number,
    extendedSequence: number,
  ): Buffer;
  /** Throw where the packet is not authentic. */
  decryptRtp(packet: Buffer): Buffer;
  decryptRtcp(packet: Buffer): Buffer;
  encryptRtcp(packet: Uint8Array): Buffer;
}

/**
 * Takes the media path away from werift: its history has 128 packets, its congestion feedback drops
 * half of the report format, and parsing each packet twice costs time. Called before DTLS starts;
 * `started` gets the session once the keys are known.
 */
export function takeMediaPath(
  dtls: RTCDtlsTransport,
  started: (session: MediaSession) => void,
): void {
  const internals = dtls as unknown as DtlsInternals;
  internals.startSrtp = () => {
    internals.updateSrtpSession();
    skipUsedRecordNumbers(internals);
    started(mediaSession(internals));
  };
}

/** Certificate, CertificateVerify, ClientKeyExchange (RFC 5246 section 7.4). */
const KEY_MESSAGES = [11, 15, 16];

/**
 * Keeps werift from handling the browser's key exchange twice. A browser repeats it when the answer
 * takes longer than 50 ms, as on a busy machine; werift then derives the keys again, from a transcript
 * that has grown meanwhile (RFC 7627 section 4), and each side waits for records it cannot read.
 * Called before DTLS starts.
 */
export function ignoreRepeatedHandshakes(dtls: RTCDtlsTransport): void {
  const internals = dtls as unknown as DtlsInternals;
  dtls.onStateChange.subscribe((state) => {
    if (state !== "connecting") return;
    // werift makes its server right after this.
    queueMicrotask(() => {
      const server = internals.dtls;
      if (!server) return;
      const handle = server.onHandleHandshakes.bind(server);
      let handshake = server.dtls;
      const handled = new Set<number>();
      server.onHandleHandshakes = (messages) => {
        if (server.dtls !== handshake) handled.clear();
        handshake = server.dtls;
        return handle(messages.filter(({ msg_type: type }) => {
          if (!KEY_MESSAGES.includes(type)) return true;
          if (handled.has(type)) return false;
          handled.add(type);
          return true;
        }));
      };
    });
  });
}

/**
 * werift numbers the records of the new epoch from 1 although its Finished message, number 8 or so,
 * was in that epoch already. The peer's replay protection (RFC 6347 section 4.1.2.6) then drops the
 * record that takes the number again: an early data channel message, which waits for a repeat.
 */
function skipUsedRecordNumbers({ dtls }: DtlsInternals): void {
  if (dtls) dtls.dtls.recordSequenceNumber += 100;
}

function mediaSession(dtls: DtlsInternals): MediaSession {
  const { profile, keys } = dtls.srtp.config;
  return {
    profile,
    masterKey: keys.localMasterKey,
    masterSalt: keys.localMasterSalt,
    encryptRtp: (header, payload, ssrc, extendedSequence) =>
      // The cipher is called below werift's rollover bookkeeping, which miscounts when a packet
      // from more than 100 numbers before the wrap is repeated after it.
      dtls.srtp.localContext.cipher.encryptRtp(
        {
          serializeSize: header.length,
          serialize: () => Buffer.from(header.buffer, header.byteOffset, header.length),
          ssrc,
          sequenceNumber: extendedSequence & 0xffff,
        },
        payload,
        Math.floor(extendedSequence / 65536),
      ),
    decryptRtp: (packet) => dtls.srtp.decrypt(packet),
    decryptRtcp: (packet) => dtls.srtcp.decrypt(packet),
    encryptRtcp: (packet) =>
      dtls.srtcp.encrypt(Buffer.from(packet.buffer, packet.byteOffset, packet.length)),
  };
}

/**
 * Makes the certificate that all peer connections of this process share. werift would make one with
 * @peculiar/x509, which has no other use and is left out of the packaged program.
 */
export function prepareCertificate(dtls: typeof RTCDtlsTransport): void {
  if (dtls.localCertificate) return;
  const { cert, key } = createSelfSigned("Gamelan");
  const { ecdsa_3: signature } = SignatureAlgorithm;
  const { sha256_4: hash } = HashAlgorithm;
  dtls.localCertificate = new RTCCertificate(key, cert, { signature, hash });
}
