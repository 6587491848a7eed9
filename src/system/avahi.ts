import { z } from "zod";

/** org.freedesktop.Avahi.Server.GetState: the name is ours in the network. */
const RUNNING = 2;

const Answer = z.object({ data: z.array(z.union([z.string(), z.number()])) });
/** AVAHI_IF_UNSPEC and AVAHI_PROTO_UNSPEC: over any interface, by IPv4 or IPv6. */
const ANY = "-1";
/** Numbers from here on are not asked for: no house has so many boxes. */
const MOST_NUMBERS = 10;

/**
 * The name by which Avahi has made this machine known to its network, such as `gamelan.local`, or
 * `gamelan-2.local` where another machine has that one. Undefined where there is no Avahi, or it has
 * not settled on a name yet.
 */
export async function mdnsName(): Promise<string | undefined> {
  if ((await call("GetState"))?.[0] !== RUNNING) return undefined;
  const name = (await call("GetHostNameFqdn"))?.[0];
  return typeof name === "string" && isHostName(name) ? name.toLowerCase() : undefined;
}

/**
 * Takes the plain name, or else the lowest number, in place of a higher one, such as `gamelan.local` or
 * `gamelan-2.local` for `gamelan-3.local`, where no other machine answers to it. Gives the name that was
 * asked for; Avahi probes it again. Undefined: none is free, or `name` has no number.
 *
 * A machine gets numbers that are higher than its network needs: while an interface's addresses or the
 * name change, Avahi hears its own announcements from before and takes them for another machine's.
 */
export async function reclaimLowerName(name: string): Promise<string | undefined> {
  const [, plain, number] = /^(.+)-(\d+)\.local$/.exec(name) ?? [];
  if (plain === undefined) return undefined;
  for (let n = 1; n < Math.min(Number(number), MOST_NUMBERS); n++) {
    const lower = n === 1 ? plain : `${plain}-${n}`;
    if (await takenByOther(`${lower}.local`)) continue;
    return await call("SetHostName", "s", lower) && `${lower}.local`;
  }
  return undefined;
}

async function takenByOther(name: string): Promise<boolean> {
  const answer = await call("ResolveHostName", "iisiu", ANY, ANY, name, ANY, "0");
  // Interface, protocol, name, the address's protocol, the address, flags.
  const address = answer?.[4];
  return address !== undefined && !ownAddresses().has(String(address));
}

const ownAddresses = () => new Set(Deno.networkInterfaces().map(({ address }) => address));

const isHostName = (name: string) =>
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$/.test(name);

/**
 * Calls a method of Avahi's server on the system bus, with the signature of its arguments and these;
 * undefined where it fails.
 */
async function call(method: string, ...words: string[]): Promise<(string | number)[] | undefined> {
  const server = ["org.freedesktop.Avahi", "/", "org.freedesktop.Avahi.Server", method];
  // The words may begin with a minus sign.
  const args = ["--json=short", "--timeout=10", "--", "call", ...server, ...words];
  try {
    const { code, stdout } = await new Deno.Command("busctl", {
      args,
      stdin: "null",
      stderr: "null",
    }).output();
    if (code !== 0) return undefined;
    const text = new TextDecoder().decode(stdout).trim();
    return text === "" ? [] : Answer.parse(JSON.parse(text)).data;
  } catch (error) {
    // No busctl: this is not a machine with systemd. No JSON: not the Avahi that we know.
    if (
      error instanceof Deno.errors.NotFound || error instanceof SyntaxError ||
      error instanceof z.ZodError
    ) return undefined;
    throw error;
  }
}
