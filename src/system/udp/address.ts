import { isIPv6, SocketAddress } from "node:net";
import { socketAddress } from "../../../ffi/udp.ts";

export const familyOf = (address: string): 4 | 6 => isIPv6(address) ? 6 : 4;

/** The sockaddr of an IPv4 or IPv6 address (without a zone) and a port. */
export function socketAddressOf(address: string, port: number): Uint8Array<ArrayBuffer> {
  return socketAddress(addressBytes(address), port);
}

function addressBytes(address: string): Uint8Array {
  if (!isIPv6(address)) return Uint8Array.from(address.split(".").map(Number));
  const canonical = new SocketAddress({ address, family: "ipv6" }).address;
  const [head, tail] = canonical.split("::");
  const groups = (text: string | undefined) =>
    (text ?? "").split(":").filter((part) => part !== "").flatMap((part) =>
      part.includes(".")
        ? [0, 2].map((i) => {
          const bytes = part.split(".").map(Number);
          return bytes[i] << 8 | bytes[i + 1];
        })
        : [parseInt(part, 16)]
    );
  const before = groups(head);
  const after = groups(tail);
  const words = [...before, ...new Array(8 - before.length - after.length).fill(0), ...after];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));
}
