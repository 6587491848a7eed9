import project from "../../deno.json" with { type: "json" };
import { ExitCode } from "./exit_codes.ts";

/** Gamelan's version, from deno.json. */
export const version: string = project.version;

/** `gamelan version` */
export function run(args: string[]): Promise<number> {
  if (args.includes("--json")) {
    console.log(JSON.stringify({ version, deno: Deno.version.deno, target: Deno.build.target }));
  } else if (args.includes("--help")) {
    console.log("Usage: gamelan version [--json]\n\nPrints the version.");
  } else console.log(`gamelan ${version} (Deno ${Deno.version.deno}, ${Deno.build.target})`);
  return Promise.resolve(ExitCode.ok);
}
