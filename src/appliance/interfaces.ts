/** This machine's network interfaces, as iproute2 and sysfs have them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NetworkInterface } from "../protocol/machine.ts";
import { output } from "./command.ts";

const Links = z.array(z.object({
  ifname: z.string(),
  link_type: z.string(),
  address: z.string().default(""),
  flags: z.array(z.string()).default([]),
  addr_info: z.array(z.object({
    local: z.string(),
    prefixlen: z.number(),
    scope: z.string(),
  })).default([]),
}));
const Routes = z.array(z.object({ dev: z.string().optional(), gateway: z.string().optional() }));

/** Real interfaces, wired and Wi-Fi, without those that programs make. */
export async function networkInterfaces(
  sysfs = "/sys/class/net",
): Promise<Omit<NetworkInterface, "setting">[]> {
  const [links, routes] = await Promise.all([
    output("ip", ["-json", "address", "show"]).then((text) => Links.parse(JSON.parse(text))),
    output("ip", ["-json", "route", "show", "default"]).then((text) =>
      Routes.parse(JSON.parse(text || "[]"))
    ),
  ]);
  const found: Omit<NetworkInterface, "setting">[] = [];
  for (const link of links) {
    const folder = join(sysfs, link.ifname);
    if (link.link_type !== "ether" || !existsSync(join(folder, "device"))) continue;
    const addresses = link.addr_info.filter(({ scope }) => scope === "global");
    found.push({
      name: link.ifname,
      kind: existsSync(join(folder, "phy80211")) ? "wifi" : "wired",
      up: link.flags.includes("LOWER_UP"),
      mac: link.address,
      speed: speed(folder),
      addresses: addresses.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
      gateway: routes.find(({ dev }) => dev === link.ifname)?.gateway ?? null,
    });
  }
  return found;
}

/** Mbit/s; without a cable the kernel says -1 or nothing. */
function speed(folder: string): number | null {
  try {
    const value = Number(Deno.readTextFileSync(join(folder, "speed")));
    return value > 0 ? value : null;
  } catch {
    return null;
  }
}
