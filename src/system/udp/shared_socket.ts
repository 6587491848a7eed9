import { createSocket, type Socket } from "node:dgram";
import { errno, errnoText, libc, SOL_SOCKET } from "../../../ffi/libc.ts";
import {
  BPF_JUMP_EQUAL,
  BPF_JUMP_GREATER,
  BPF_LD_HALF,
  BPF_LD_LENGTH,
  BPF_LD_WORD,
  BPF_RETURN,
  type FilterInstruction,
  filterProgram,
  SO_ATTACH_FILTER,
  SO_REUSEPORT,
} from "../../../ffi/udp.ts";
import { socketAddressOf } from "./address.ts";
import { findUdpSocket, unconnectedSockets } from "./socket_fd.ts";

/** A socket of the runtime on a port that other sockets and processes of this user have too. */
export interface SharedSocket {
  socket: Socket;
  /** Valid until the socket is closed. */
  descriptor: number;
}

const ANY = { 4: "0.0.0.0", 6: "::" } as const;

/**
 * Opens a socket on `port` of all addresses, beside others that were opened by this function.
 *
 * With `remote` it is connected: of all sockets on the port the kernel gives it what comes from
 * there and nothing else; a socket without `remote` gets the rest (Linux scores the sockets of a port
 * by how much of a datagram's addresses they name). SO_REUSEPORT lets only processes of the same user
 * in, so a game that shares the network cannot take part.
 *
 * The runtime can neither share a port so nor connect a socket. It opens one on any free port, which
 * is then taken off that (connect(2): AF_UNSPEC dissolves the association; a port that was not asked
 * for is given up with it), bound and connected beneath it. Between the last two the socket
 * is one without `remote` for some microseconds: what it gets then is from another address.
 *
 * @throws Error where the port is taken by another program, or the system has no such sockets
 */
export async function openSharedSocket(
  port: number,
  family: 4 | 6,
  remote?: { address: string; port: number },
): Promise<SharedSocket> {
  const socket = await openAnywhere(family);
  try {
    const descriptor = findUdpSocket(socket.address().port, family);
    if (descriptor === undefined) throw new Error("expected to find the socket's descriptor");
    const on = new Uint8Array(new Int32Array([1]).buffer);
    const local = socketAddressOf(ANY[family], port);
    const unspecified = new Uint8Array(16);
    must("connect", libc.connect(descriptor, unspecified, unspecified.length));
    must("setsockopt", libc.setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, on, on.length));
    must("bind", libc.bind(descriptor, local, local.length));
    if (remote) {
      const address = socketAddressOf(remote.address, remote.port);
      must("connect", libc.connect(descriptor, address, address.length));
    }
    return { socket, descriptor };
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Like {@linkcode openSharedSocket} without `remote`; throws where there is one already. */
export async function openListener(port: number, family: 4 | 6): Promise<SharedSocket> {
  const opened = await openSharedSocket(port, family);
  // Two would each get a part of the datagrams. A session that opens a connected socket at this
  // moment is seen too, once.
  for (let attempt = 0; unconnectedSockets(port, family) > 1; attempt++) {
    if (attempt === 3) {
      opened.socket.close();
      throw new Error("another Gamelan of this user listens there");
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return opened;
}

/** Lets only STUN binding requests of at most `longest` bytes through to a socket. */
export function admitBindingRequests(descriptor: number, longest: number): void {
  attach(descriptor, [
    // Offsets count from the UDP header, of 8 bytes. RFC 8489 section 5: type, length, cookie.
    [BPF_LD_LENGTH, 0, 0, 0],
    [BPF_JUMP_GREATER, 6, 0, 8 + longest],
    [BPF_JUMP_GREATER, 0, 5, 8 + 19],
    [BPF_LD_HALF, 0, 0, 8],
    [BPF_JUMP_EQUAL, 0, 3, 0x0001],
    [BPF_LD_WORD, 0, 0, 12],
    [BPF_JUMP_EQUAL, 0, 1, 0x2112a442],
    [BPF_RETURN, 0, 0, 0x40000],
    [BPF_RETURN, 0, 0, 0],
  ]);
}

/** Lets nothing through: the kernel drops at a fraction of what reading costs. */
export function admitNothing(descriptor: number): void {
  attach(descriptor, [[BPF_RETURN, 0, 0, 0]]);
}

function attach(descriptor: number, instructions: FilterInstruction[]): void {
  const { program, referenced } = filterProgram(instructions);
  must("SO_ATTACH_FILTER", libc.setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program, 16));
  // Until here, so that the collector leaves it in place.
  referenced.fill(0);
}

function must(call: string, result: number): void {
  if (result !== 0) throw new Error(`${call}: ${errnoText(errno())}`);
}

function openAnywhere(family: 4 | 6): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(
      family === 4 ? { type: "udp4" } : { type: "udp6", ipv6Only: true },
    );
    const failed = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once("error", failed);
    socket.bind({ port: 0, address: ANY[family] }, () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}
