/** A program has failed; the message has its command and the last lines it wrote. */
export class CommandFailed extends Error {
  override name = "CommandFailed";
}

/** Options of {@linkcode run}. */
export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** A file to which all that it writes goes. */
  log?: string;
}

/** Runs a program and gives its standard output. Throws CommandFailed where it ends with another code than 0. */
export async function run(argv: string[], options: RunOptions = {}): Promise<string> {
  const logged = options.log === undefined ? [] : ["sh", "-c", 'exec "$@" >"$0" 2>&1', options.log];
  const [command, ...args] = [...logged, ...argv];
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(command, {
      args,
      cwd: options.cwd,
      env: options.env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new CommandFailed(`${command} is not installed, or ${options.cwd ?? "."} is missing`);
  }
  if (output.success) return new TextDecoder().decode(output.stdout);
  const said = options.log === undefined
    ? new TextDecoder().decode(output.stderr)
    : await Deno.readTextFile(options.log);
  const tail = said.trim().split("\n").slice(-15).join("\n");
  throw new CommandFailed(`${argv.join(" ")}\nended with code ${output.code}:\n${tail}`);
}
