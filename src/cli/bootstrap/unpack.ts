import type { Requirement } from "./packages.ts";

/** Whether the requirement's package was unpacked, and runs with the machine's libraries of today. */
export async function runsUnpacked({ unpack }: Requirement): Promise<boolean> {
  const command = unpack?.command(unpack.into);
  if (command === undefined) return false;
  const { success } = await new Deno.Command(command[0], {
    args: [...command.slice(1), "--version"],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

/**
 * Shell commands that fetch the package of `requirement` (its hash is checked by apt) and lay its
 * files into the folder, without dpkg. Free of single quotes, so that they can stand in such.
 */
export function unpackScript({ anyOf: [name], unpack }: Requirement): string {
  return [
    "dir=$(mktemp -d)",
    "chmod 755 $dir",
    "cd $dir",
    `apt-get download ${name}`,
    `rm -rf ${unpack!.into}`,
    `dpkg-deb -x ${name}_*.deb ${unpack!.into}`,
    "rm -r $dir",
  ].join(" && ");
}

/** Unpacks the requirement's package; `prefix`: how to run something as root. Throws with what was said. */
export async function unpack(prefix: string[], requirement: Requirement): Promise<void> {
  const [name] = requirement.anyOf;
  console.error(`Unpacking ${name} for Gamelan alone, since installing it would remove packages`);
  const [command, ...args] = [...prefix, "sh", "-c", unpackScript(requirement)];
  const { success, stderr } = await new Deno.Command(command, {
    args,
    env: { LC_ALL: "C.UTF-8" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return;
  const said = new TextDecoder().decode(stderr).trim().split("\n").slice(-5).join("\n");
  throw new Error(`${name} could not be unpacked into ${requirement.unpack!.into}:\n${said}`);
}
