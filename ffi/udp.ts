/**
 * Structures of sendmsg(2) for segmented UDP sends (udp(7), UDP_SEGMENT), on 64-bit Linux.
 *
 * struct msghdr: name pointer (0), name length (8), iovec pointer (16), iovec count (24),
 * control pointer (32), control length (40), flags (48); 56 bytes.
 */
import { addressOf } from "./libc.ts";

export const SOL_UDP = 17;
export const UDP_SEGMENT = 103;
export const SO_SNDBUF = 7;
export const SO_REUSEPORT = 15;
export const SO_ATTACH_FILTER = 26;
export const AF_INET6 = 10;
/** UDP_MAX_SEGMENTS of the kernel, since 4.18. */
export const MAX_SEGMENTS = 64;
/** Largest UDP payload of one send over IPv4, in all its segments. */
export const MAX_SEND_BYTES = 65507;

const MSGHDR_BYTES = 56;
const IOVEC_BYTES = 16;
/** CMSG_SPACE(sizeof(uint16_t)): length (8), level (4), type (4), the size (2), padding (6). */
const CONTROL_BYTES = 24;

/** A msghdr that sends one buffer, or its parts, to one address. */
export interface SegmentedSend {
  /** For sendmsg. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** Keeps what the header points to from being collected. */
  readonly referenced: Uint8Array[];
  /** Describes the next send: `length` bytes from `offset` of the buffer, cut each `segment` bytes. */
  set(offset: number, length: number, segment: number): void;
}

/** `address`: a sockaddr; `buffer`: what parts of will be sent. Both must stay in place. */
export function segmentedSend(
  address: Uint8Array<ArrayBuffer>,
  buffer: Uint8Array<ArrayBuffer>,
): SegmentedSend {
  const memory = new Uint8Array(MSGHDR_BYTES + IOVEC_BYTES + CONTROL_BYTES);
  const view = new DataView(memory.buffer);
  const base = addressOf(memory);
  const data = addressOf(buffer);
  view.setBigUint64(0, addressOf(address), true);
  view.setUint32(8, address.length, true);
  view.setBigUint64(16, base + BigInt(MSGHDR_BYTES), true);
  view.setBigUint64(24, 1n, true);
  view.setBigUint64(32, base + BigInt(MSGHDR_BYTES + IOVEC_BYTES), true);
  const control = MSGHDR_BYTES + IOVEC_BYTES;
  view.setBigUint64(control, 18n, true);
  view.setInt32(control + 8, SOL_UDP, true);
  view.setInt32(control + 12, UDP_SEGMENT, true);
  return {
    header: memory,
    referenced: [address, buffer],
    set(offset, length, segment) {
      view.setBigUint64(MSGHDR_BYTES, data + BigInt(offset), true);
      view.setBigUint64(MSGHDR_BYTES + 8, BigInt(length), true);
      // A plain send where there is nothing to cut: also what kernels without UDP_SEGMENT take.
      view.setBigUint64(40, length > segment ? BigInt(CONTROL_BYTES) : 0n, true);
      view.setUint16(control + 16, segment, true);
    },
  };
}

/** One instruction of a classic BPF program: code, jump if true, jump if false, operand. */
export type FilterInstruction = [code: number, jt: number, jf: number, k: number];

/** Codes of <linux/bpf_common.h>: loads from the packet, a jump, the end. */
export const BPF_LD_WORD = 0x20;
export const BPF_LD_HALF = 0x28;
export const BPF_LD_LENGTH = 0x80;
export const BPF_JUMP_EQUAL = 0x15;
export const BPF_JUMP_GREATER = 0x25;
export const BPF_RETURN = 0x06;

/**
 * struct sock_fprog for SO_ATTACH_FILTER (socket(7), <linux/filter.h>): length (0), pointer to the
 * instructions (8). Both must stay in place during the call.
 */
export function filterProgram(
  instructions: FilterInstruction[],
): { program: Uint8Array<ArrayBuffer>; referenced: Uint8Array } {
  const code = new Uint8Array(instructions.length * 8);
  const view = new DataView(code.buffer);
  instructions.forEach(([operation, jt, jf, k], index) => {
    view.setUint16(index * 8, operation, true);
    view.setUint8(index * 8 + 2, jt);
    view.setUint8(index * 8 + 3, jf);
    view.setUint32(index * 8 + 4, k, true);
  });
  const program = new Uint8Array(16);
  const head = new DataView(program.buffer);
  head.setUint16(0, instructions.length, true);
  head.setBigUint64(8, addressOf(code), true);
  return { program, referenced: code };
}

/** struct sockaddr_in or sockaddr_in6 (ip(7), ipv6(7)) ; `bytes`: 4 or 16 of the address. */
export function socketAddress(bytes: Uint8Array, port: number): Uint8Array<ArrayBuffer> {
  const ipv6 = bytes.length === 16;
  const address = new Uint8Array(ipv6 ? 28 : 16);
  address[0] = ipv6 ? AF_INET6 : 2;
  address[2] = port >> 8;
  address[3] = port & 255;
  address.set(bytes, ipv6 ? 8 : 4);
  return address;
}
