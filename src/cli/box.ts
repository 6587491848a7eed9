import { boxHelp, runBoxCommand } from "../fleet/box/command.ts";
import { openBoxHost } from "./box_host.ts";
import { ExitCode } from "./exit_codes.ts";

/** `gamelan box` */
export async function run(args: string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(boxHelp);
    return ExitCode.ok;
  }
  return await runBoxCommand(args, openBoxHost, {
    input: async () => new Uint8Array(await new Response(Deno.stdin.readable).arrayBuffer()),
    print: (line) => console.log(line),
  });
}
