import { packagedWorkers } from "./workers.ts";

/** The innermost reason of an error message of Deno, or the last line of any other. */
export function reason(said: string): string {
  // deno-lint-ignore no-control-regex -- colours of the terminal
  const plain = said.replace(/\x1b\[[0-9;]*m/g, "").split("\nStack backtrace:")[0];
  const line = plain.split("\n").findLast((line) => /\w/.test(line)) ?? "it said nothing";
  return line.trim().replace(/^(error|\d+): /, "");
}

/** The environment for `deno compile`: a base runtime that was set for something else is not taken. */
function environment(): Record<string, string> {
  const { DENORT_BIN: _, ...rest } = Deno.env.toObject();
  return rest;
}

/**
 * Makes `output` from the bundle in `folder` by `deno compile`, which downloads a base runtime.
 * Returns why it could not, or undefined.
 */
export async function denoCompile(folder: string, output: string): Promise<string | undefined> {
  const modules = Object.keys(packagedWorkers).map((name) => `${name}.js`);
  const included = [...modules, "ui"].flatMap((path) => ["--include", path]);
  const flags = ["-A", "--no-prompt", "--no-check", "--no-config", "--no-lock"];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["compile", ...flags, ...included, "--output", output, "main.js"],
    cwd: folder,
    clearEnv: true,
    env: environment(),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) return `deno compile failed: ${reason(new TextDecoder().decode(stderr))}`;
  return undefined;
}

/**
 * Whether the executable is Gamelan of this version. `deno compile` with a wrong base runtime succeeds
 * and makes a file that is a plain Deno. Returns what is wrong, or undefined.
 */
export async function wrongExecutable(
  path: string,
  version: string,
): Promise<string | undefined> {
  const child = new Deno.Command(path, {
    args: ["version"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  try {
    const { stdout, stderr } = await child.output();
    const said = new TextDecoder().decode(stdout).trim();
    if (said.startsWith(`gamelan ${version} `)) return undefined;
    const got = said || reason(new TextDecoder().decode(stderr));
    return `expected "${path} version" to say "gamelan ${version} …", got "${got}"`;
  } catch (error) {
    return `${path} does not start: ${(error as Error).message}`;
  }
}
