/** `gamelan` on a simulated box: the real agent around a {@link openSimulatedHost} test double. */
import { runBoxCommand } from "../../src/fleet/box/command.ts";
import { setClock } from "./set_clock.ts";
import { openSimulatedHost, readSetup } from "./simulated_host.ts";

const [command, ...args] = Deno.args;
if (command !== "box") {
  console.error(`expected box, got "${command}"`);
  Deno.exit(2);
}
const root = Deno.env.get("GAMELAN_BOX_ROOT")!;
const { clock } = readSetup(root);
if (clock !== undefined) setClock(clock);
Deno.exit(
  await runBoxCommand(args, () => openSimulatedHost(root), {
    input: async () => new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()),
    print: (line) => {
      const bytes = new TextEncoder().encode(line + "\n");
      for (let sent = 0; sent < bytes.length;) sent += Deno.stdout.writeSync(bytes.subarray(sent));
    },
  }),
);
