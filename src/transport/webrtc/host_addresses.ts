import { isIP } from "node:net";
import { networkAddresses, offlineAddress } from "../../system/local_network.ts";
import { logger } from "../../system/log.ts";

const log = logger("transport.ice");

/** Addresses for host candidates: those asked for, or all of the machine's, loopback as last resort. */
export function hostAddresses(asked: string[]): string[] {
  const valid = asked.filter((address) => {
    if (isIP(address)) return true;
    log.warn("expected an IP address in iceAddresses, left it out", { address });
    return false;
  });
  if (valid.length > 0) return [...new Set(valid)];
  const found = networkAddresses();
  return found.length > 0 ? found : [offlineAddress() ?? "127.0.0.1"];
}
