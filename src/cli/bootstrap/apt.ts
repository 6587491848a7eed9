import type { Requirement } from "./packages.ts";
import { Progress } from "./progress.ts";

/** Something must be installed, and this user may not. `line` is what to run. */
export class NeedsInstall extends Error {
  override name = "NeedsInstall";
  constructor(readonly line: string) {
    super(`Packages are missing and this user cannot install them. Run:\n\n  ${line}\n`);
  }
}

async function output(command: string, args: string[]): Promise<{ code: number; text: string }> {
  try {
    const { code, stdout } = await new Deno.Command(command, {
      args,
      stderr: "null",
      env: { LC_ALL: "C" },
    }).output();
    return { code, text: new TextDecoder().decode(stdout) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { code: 127, text: "" };
    throw error;
  }
}

/** The requirements of which no package is installed. */
export async function missingPackages(requirements: Requirement[]): Promise<Requirement[]> {
  const names = requirements.flatMap((requirement) => requirement.anyOf);
  const format = "${binary:Package} ${db:Status-Status}\\n";
  const { code, text } = await output("dpkg-query", ["--show", `--showformat=${format}`, ...names]);
  if (code === 127) {
    throw new Error("expected Debian 12 or 13 with dpkg and apt; this system has no dpkg-query");
  }
  const installed = new Set(
    text.split("\n").map((line) => line.split(" ")).filter(([, status]) => status === "installed")
      .map(([name]) => name.replace(/:.*/, "")),
  );
  return requirements.filter(({ anyOf }) => !anyOf.some((name) => installed.has(name)));
}

/** Which of a requirement's names this Debian offers; undefined where its lists know none. */
async function offered({ anyOf }: Requirement): Promise<string | undefined> {
  for (const name of anyOf) {
    const { text } = await output("apt-cache", ["policy", name]);
    if (/Candidate: (?!\(none\))\S/.test(text)) return name;
  }
  return undefined;
}

/**
 * Installs what is missing, as root or through sudo, and shows what and why before it does.
 *
 * @throws NeedsInstall where this user may not install packages
 */
export async function install(missing: Requirement[]): Promise<void> {
  console.log("Missing packages:");
  for (const { anyOf, why } of missing) console.log(`  ${anyOf[0].padEnd(20)} to ${why}`);
  const asRoot = await rootPrefix();
  let names = await Promise.all(missing.map(offered));
  if (!asRoot) {
    const wanted = names.map((name, i) => name ?? missing[i].anyOf[0]);
    throw new NeedsInstall(
      `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${wanted.join(" ")}`,
    );
  }
  if (names.includes(undefined)) {
    await apt(asRoot, ["update"], "Reading Debian's package lists");
    names = await Promise.all(missing.map(offered));
  }
  const unknown = missing.filter((_, i) => !names[i]);
  if (unknown.length > 0) {
    const list = unknown.map(({ anyOf }) => anyOf.join(" or ")).join(", ");
    throw new Error(`this system's package lists do not offer ${list}; expected Debian 12 or 13`);
  }
  const args = ["install", "-y", "--no-install-recommends", ...names as string[]];
  try {
    await apt(asRoot, args, "Installing packages");
  } catch {
    // Lists that are some days old name files that the mirror has replaced.
    await apt(asRoot, ["update"], "Reading Debian's package lists again");
    await apt(asRoot, args, "Installing packages");
  }
}

/** How to run something as root: [] for root itself, sudo where it works, undefined where it does not. */
async function rootPrefix(): Promise<string[] | undefined> {
  if (Deno.uid() === 0) return [];
  if ((await output("sudo", ["-n", "true"])).code === 0) return ["sudo", "-n"];
  if (!Deno.stdin.isTerminal()) return undefined;
  return (await output("sudo", ["--version"])).code === 0 ? ["sudo"] : undefined;
}

async function apt(prefix: string[], args: string[], title: string): Promise<void> {
  const settings = ["-o", "APT::Status-Fd=1", "-o", "DPkg::Lock::Timeout=120"];
  const [command, ...rest] = [
    ...prefix,
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    ...settings,
    ...args,
  ];
  const child = new Deno.Command(command, { args: rest, stdout: "piped", stderr: "piped" }).spawn();
  const progress = new Progress(title);
  const errors = new Response(child.stderr).text();
  let pending = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    pending += chunk;
    const lines = pending.split("\n");
    pending = lines.pop()!;
    for (const line of lines) {
      // "dlstatus:3:27.5:Retrieving file 3 of 11 (4 s remaining)", "pmstatus:libyuv0:50:Unpacking libyuv0"
      const status = /^(dl|pm)status:[^:]*:([\d.]+):(.*)$/.exec(line);
      if (!status) continue;
      const share = Number(status[2]) / 200 + (status[1] === "pm" ? 0.5 : 0);
      progress.at(args[0] === "update" ? share * 2 : share, status[3]);
    }
  }
  const { code } = await child.status;
  progress.done();
  if (code === 0) return;
  const said = (await errors).trim().split("\n").slice(-5).join("\n");
  throw new Error(`apt-get ${args[0]} failed with code ${code}:\n${said}`);
}
