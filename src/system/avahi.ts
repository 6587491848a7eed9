import { z } from "zod";

/** org.freedesktop.Avahi.Server.GetState: the name is ours in the network. */
const RUNNING = 2;

const Answer = z.object({ data: z.tuple([z.union([z.string(), z.number()])]) });

/**
 * The name by which Avahi has made this machine known to its network, such as `gamelan.local`, or
 * `gamelan-2.local` where another machine has that one. Undefined where there is no Avahi, or it has
 * not settled on a name yet.
 */
export async function mdnsName(): Promise<string | undefined> {
  if (await call("GetState") !== RUNNING) return undefined;
  const name = await call("GetHostNameFqdn");
  return typeof name === "string" && isHostName(name) ? name.toLowerCase() : undefined;
}

const isHostName = (name: string) =>
  /^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*$/.test(name);

/** Calls a method without arguments of Avahi's server on the system bus; undefined where it fails. */
async function call(method: string): Promise<string | number | undefined> {
  const server = ["org.freedesktop.Avahi", "/", "org.freedesktop.Avahi.Server", method];
  try {
    const { code, stdout } = await new Deno.Command("busctl", {
      args: ["--json=short", "--timeout=5", "call", ...server],
      stdin: "null",
      stderr: "null",
    }).output();
    if (code !== 0) return undefined;
    return Answer.parse(JSON.parse(new TextDecoder().decode(stdout))).data[0];
  } catch (error) {
    // No busctl: this is not a machine with systemd. No JSON: not the Avahi that we know.
    if (
      error instanceof Deno.errors.NotFound || error instanceof SyntaxError ||
      error instanceof z.ZodError
    ) return undefined;
    throw error;
  }
}
