import { libc, SOL_SOCKET } from "../../../ffi/libc.ts";
import { SO_SNDBUF } from "../../../ffi/udp.ts";

/** A large frame leaves in few bursts; the kernel's default holds 200 KB. */
export function enlargeSendQueue(descriptor: number): void {
  const bytes = new Uint8Array(new Int32Array([4 << 20]).buffer);
  libc.setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, bytes, 4);
}
