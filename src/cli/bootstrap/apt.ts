import { Progress } from "./progress.ts";
import type { Requirement } from "./packages.ts";
import { runsUnpacked, unpack, unpackScript } from "./unpack.ts";

/** Something must be installed, and this user may not. `line` is what to run. */
export class NeedsInstall extends Error {
  override name = "NeedsInstall";
  constructor(readonly line: string) {
    super(`Packages are missing and this user cannot install them. Run:\n\n  ${line}\n`);
  }
}

/** Options of every installation. What a person has installed is never removed for a game console. */
const INSTALL = ["install", "-y", "--no-install-recommends", "--no-remove"];

async function output(command: string, args: string[]): Promise<{ code: number; text: string }> {
  try {
    const { code, stdout } = await new Deno.Command(command, {
      args,
      stdin: "null",
      stderr: "null",
      env: { LC_ALL: "C" },
    }).output();
    return { code, text: new TextDecoder().decode(stdout) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { code: 127, text: "" };
    throw error;
  }
}

/** The requirements of which no package is installed. Throws where there is no dpkg. */
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
  const missing = requirements.filter(({ anyOf }) => !anyOf.some((name) => installed.has(name)));
  const unpacked = await Promise.all(missing.map(runsUnpacked));
  return missing.filter((_, i) => !unpacked[i]);
}

/** What an installation will do. */
interface Plan {
  /** Package names to install. */
  names: string[];
  /** Requirements to unpack: they conflict with what is installed. */
  unpack: Requirement[];
  /** Requirements to go on without, and why they cannot be met here. */
  leftOut: { requirement: Requirement; reason: string }[];
  /** Requirements that Gamelan cannot do without and that the package lists do not know. */
  unknown: Requirement[];
}

/** Whether apt could install these together without removing anything; changes nothing. */
async function installable(names: string[]): Promise<boolean> {
  return (await output("apt-get", [...INSTALL, "--simulate", ...names])).code === 0;
}

async function plan(missing: Requirement[], debian12: boolean): Promise<Plan> {
  const { text } = await output("apt-cache", [
    "policy",
    ...missing.flatMap(({ anyOf, unpack }) => [...anyOf, ...unpack?.libraries.flat() ?? []]),
  ]);
  const offered = new Set(
    [...text.matchAll(/^(\S+):\n\s+Installed: .*\n\s+Candidate: (?!\(none\))/gm)]
      .map(([, name]) => name),
  );
  const choices = missing.map((requirement) => {
    const order = debian12 && requirement.onDebian12
      ? [requirement.onDebian12, ...requirement.anyOf]
      : requirement.anyOf;
    return { requirement, name: order.find((name) => offered.has(name)), wanted: order[0] };
  });
  const required = choices.filter(({ requirement }) => requirement.without === undefined);
  const unknown = required.filter(({ name }) => !name).map(({ requirement }) => requirement);
  if (unknown.length > 0) {
    return {
      names: choices.map(({ name, wanted }) => name ?? wanted),
      unpack: [],
      leftOut: [],
      unknown,
    };
  }
  const apart: Requirement[] = [];
  const leftOut: Plan["leftOut"] = [];
  const names = required.map(({ name }) => name!);
  const optional = choices.filter(({ requirement }) => requirement.without !== undefined);
  const together = optional.flatMap(({ name }) => name ?? []);
  // Trying each alone takes half a second a package, so it is done only where all together fail.
  const allFit = await installable([...names, ...together]);
  for (const { requirement, name } of optional) {
    if (name === undefined) {
      leftOut.push({ requirement, reason: "the package lists do not offer it" });
    } else if (allFit || await installable([...names, name])) {
      names.push(name);
    } else if (requirement.unpack) {
      apart.push(requirement);
      const { libraries } = requirement.unpack;
      names.push(
        ...libraries.map((choice) => choice.find((name) => offered.has(name)) ?? choice[0]),
      );
    } else {
      leftOut.push({
        requirement,
        reason: "apt cannot install it without removing other packages",
      });
    }
  }
  return { names, unpack: apart, leftOut, unknown };
}

/**
 * Installs what is missing, as root or through sudo, and shows what and why before it does. Goes on
 * without those that Gamelan can do without and that conflict with what is installed.
 *
 * @throws NeedsInstall where this user may not install packages
 */
export async function install(missing: Requirement[]): Promise<void> {
  const debian12 = await isDebian12();
  let planned = await plan(missing, debian12);
  console.error("Missing packages:");
  for (const { anyOf, onDebian12, why } of missing) {
    const name = debian12 && onDebian12 || anyOf[0];
    console.error(`  ${name.padEnd(27)} to ${why}`);
  }
  const asRoot = await rootPrefix();
  if (!asRoot) {
    if (planned.names.length > 0) throw new NeedsInstall(await lineForRoot(planned));
    return sayLeftOut(planned);
  }
  if (planned.unknown.length > 0) {
    await apt(asRoot, ["update"], "Reading Debian's package lists");
    planned = await plan(missing, debian12);
  }
  if (planned.unknown.length > 0) {
    const list = planned.unknown.map(({ anyOf }) => anyOf.join(" or ")).join(", ");
    throw new Error(`this system's package lists do not offer ${list}; expected Debian 12 or 13`);
  }
  sayLeftOut(planned);
  if (planned.names.length === 0) return;
  const all = async () => {
    await apt(asRoot, [...INSTALL, ...planned.names], "Installing packages");
    for (const requirement of planned.unpack) await unpack(asRoot, requirement);
  };
  try {
    await all();
  } catch {
    // Lists that are some days old name files that the mirror has replaced.
    await apt(asRoot, ["update"], "Reading Debian's package lists again");
    await all();
  }
}

/**
 * Installs or unpacks what is missing where that takes no question; else, and where it fails, says
 * what does not work. For what Gamelan can do without.
 */
export async function installQuietly(missing: Requirement[]): Promise<void> {
  if (missing.length > 0 && await quietRootPrefix()) {
    try {
      return await install(missing);
    } catch (error) {
      console.error((error as Error).message);
    }
  }
  sayMissing(missing);
}

function sayLeftOut({ leftOut }: Plan): void {
  for (const { requirement, reason } of leftOut) {
    console.error(
      `Going on without ${requirement.anyOf[0]}: ${requirement.without} (${reason})`,
    );
  }
}

/** Says what does not work because packages are missing that Gamelan can do without. */
export function sayMissing(missing: Requirement[]): void {
  for (const { anyOf, without } of missing) {
    console.error(`Without the package ${anyOf[0]} ${without}.`);
  }
}

async function isDebian12(): Promise<boolean> {
  const text = await Deno.readTextFile("/etc/os-release").catch(() => "");
  return /^VERSION_ID="?12"?$/m.test(text) || /^VERSION_CODENAME=bookworm$/m.test(text);
}

/** What a person runs to install packages: with sudo where there is one, else with root's password. */
async function lineForRoot({ names, unpack: apart }: Plan): Promise<string> {
  const steps = [`apt-get ${INSTALL.join(" ")} ${names.join(" ")}`];
  const hasSudo = (await output("sudo", ["--version"])).code === 0;
  if (hasSudo) {
    steps.push(...apart.map((requirement) => `sh -c '${unpackScript(requirement)}'`));
    return ["apt-get update", ...steps].map((step) => `sudo ${step}`).join(" && ");
  }
  steps.push(...apart.map(unpackScript));
  return `su -c '${["apt-get update", ...steps].join(" && ")}'`;
}

/** How to run something as root: [] for root itself, undefined where it takes a question. */
async function quietRootPrefix(): Promise<string[] | undefined> {
  if (Deno.uid() === 0) return [];
  return (await output("sudo", ["-n", "true"])).code === 0 ? ["sudo", "-n"] : undefined;
}

/** The same, but on a terminal sudo may ask for the password. */
async function rootPrefix(): Promise<string[] | undefined> {
  const quiet = await quietRootPrefix();
  if (quiet) return quiet;
  const { code } = await output("sudo", ["--version"]);
  if (code === 127 || !Deno.stdin.isTerminal()) return undefined;
  console.error("To install them as root, sudo asks for your password:");
  const asked = await new Deno.Command("sudo", { args: ["-v"] }).spawn().status;
  return asked.success ? ["sudo"] : undefined;
}

/** What another apt holds: it waits for dpkg's lock by itself, and for its own ones it does not. */
const LOCKED = /Could not get lock|Unable to lock/;
const LOCKED_MS = 120_000;

/** Runs apt-get, once more as long as another one is at work, such as that of a machine's first minutes. */
async function apt(prefix: string[], args: string[], title: string): Promise<void> {
  const until = performance.now() + LOCKED_MS;
  for (let tries = 1;; tries++) {
    const problem = await tryApt(prefix, args, title);
    if (problem === undefined) return;
    if (!LOCKED.test(problem) || performance.now() > until) throw new Error(problem);
    if (tries === 1) console.error("Another apt is at work on this machine; waiting for it …");
    await new Promise((resolve) => setTimeout(resolve, 5000));
  }
}

/** Gives what went wrong. */
async function tryApt(
  prefix: string[],
  args: string[],
  title: string,
): Promise<string | undefined> {
  const settings = ["-o", "APT::Status-Fd=1", "-o", `DPkg::Lock::Timeout=${LOCKED_MS / 1000}`];
  const [command, ...rest] = [
    ...prefix,
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "LC_ALL=C.UTF-8",
    "apt-get",
    ...settings,
    ...args,
  ];
  const child = new Deno.Command(command, {
    args: rest,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
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
  progress.done(code === 0);
  if (code === 0) return undefined;
  const said = (await errors).trim().split("\n").slice(-5).join("\n");
  return `apt-get ${args[0]} failed with code ${code}:\n${said}`;
}
