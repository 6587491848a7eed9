import { z } from "zod";
import { Capability } from "../protocol/library.ts";
import { selfCommand } from "../system/self.ts";

/**
 * What this machine can do, found by `gamelan doctor` in a process of its own: a driver that crashes
 * while it is probed must not take the house down.
 */
export async function capabilitiesByDoctor(): Promise<Capability[]> {
  const [command, ...args] = selfCommand("doctor", "--json");
  const { stdout } = await new Deno.Command(command, { args, stderr: "null" }).output();
  return z.array(Capability).parse(JSON.parse(new TextDecoder().decode(stdout)));
}
