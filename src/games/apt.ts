/**
 * Debian packages through a private apt: its own lists, cache and idea of what is installed, so that
 * it needs no root, changes nothing on the machine and works on releases other than the machine's.
 *
 * apt checks the archive's signatures and every file's hash, keeps what it has downloaded and goes on
 * with a half file where it stopped.
 */
import { join } from "node:path";
import { findProgram, run } from "./command.ts";
import { sha256File } from "../system/sha256_file.ts";
import { hostArchitecture } from "./manifest.ts";

/** Debian's own names of a release's archives. */
const CODENAMES = { "debian-12": "bookworm", "debian-13": "trixie" } as const;
export type DebianRelease = keyof typeof CODENAMES;

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const LISTS_MAX_AGE_MS = 24 * 3600 * 1000;

/** A package file to download. */
export interface PackageFile {
  url: string;
  file: string;
  bytes: number;
  sha256: string;
}

export interface PackageRecord {
  name: string;
  version: string;
  description: string;
  depends: string;
}

/** Debian's mirror does not answer: it is worth trying again when there is a network. */
export class OfflineError extends Error {
  override name = "OfflineError";
}

/** What apt says where it is the network that fails. */
const NETWORK_FAILURE = new RegExp(
  "Temporary failure resolving|Could not (resolve|connect|handshake)|Unable to connect|" +
    "Connection (timed out|failed|refused|reset)|Network is unreachable|No route to host",
);

/**
 * For reading the lists, which comes first: whether there is a network at all shows within seconds.
 * apt's own retries and the resolver's patience add up to minutes (resolv.conf(5), apt.conf(5)).
 */
const IMPATIENT = {
  options: ["-oAcquire::Retries=0", "-oAcquire::http::Timeout=10", "-oAcquire::https::Timeout=10"],
  env: { RES_OPTIONS: "timeout:2 attempts:1" },
};

interface Progress {
  onProgress?: (step: string, fraction: number) => void;
  signal?: AbortSignal;
}

function apt(text: string): string {
  return `"${text.replaceAll(/["\\\n;]/g, "")}"`;
}

/** Reads `'URL' file size SHA256:hash` lines of `apt-get --print-uris`. */
export function parseUris(text: string): PackageFile[] {
  return text.split("\n").flatMap((line) => {
    const match = /^'([^']+)' (\S+) (\d+) SHA256:([0-9a-f]{64})$/.exec(line);
    if (match === null) return [];
    return [{ url: match[1], file: match[2], bytes: Number(match[3]), sha256: match[4] }];
  });
}

/**
 * The Debian mirrors that the machine's own apt uses. One that carries this machine's release carries
 * the others too.
 *
 * @throws where apt names none
 */
async function mirrors(codename: string): Promise<{ archive: string; security: string }> {
  // A new machine may have no lists yet: without them apt names only what has no release information.
  const { stdout } = await run([
    "apt-get",
    "indextargets",
    "--no-release-info",
    "Created-By: Packages",
    "--format",
    "$(REPO_URI) $(RELEASE)",
  ], { accept: [0, 100] });
  return chooseMirrors(stdout, codename);
}

/** {@linkcode mirrors} from the lines "URI RELEASE" of `apt-get indextargets`. */
export function chooseMirrors(
  targets: string,
  codename: string,
): { archive: string; security: string } {
  const archives = new Map<string, string>();
  for (const line of targets.split("\n")) {
    const [uri, release] = line.split(" ");
    // Only what any machine could use: no local folders, no CD.
    if (/^https?:\/\//.test(uri) && release) archives.set(release, uri.replace(/\/$/, ""));
  }
  const codenames = Object.values(CODENAMES);
  const pick = (suffix: string) =>
    archives.get(codename + suffix) ??
      codenames.map((name) => archives.get(name + suffix)).find((uri) => uri !== undefined);
  const archive = pick("");
  const security = pick("-security");
  if (archive === undefined || security === undefined) {
    const missing = archive === undefined ? codename : `${codename}-security`;
    throw new Error(
      `Games from Debian need a mirror of ${missing}, and this machine's apt names none: ` +
        `add one to /etc/apt/sources.list.d`,
    );
  }
  return { archive, security };
}

/** The machine's proxy and transport settings. */
async function acquireSettings(): Promise<string> {
  const { stdout } = await run(["apt-config", "dump", "Acquire"]);
  return stdout.split("\n").filter((line) =>
    /^Acquire::(http|https|ForceIPv[46]|Check-[\w-]+)(::[\w.:-]+)? ".+";$/.test(line)
  ).join("\n");
}

export class Apt {
  private constructor(
    readonly release: DebianRelease,
    private readonly folder: string,
    private readonly env: Record<string, string>,
  ) {}

  /**
   * @param folder  kept between imports: lists and downloaded packages
   * @param status  dpkg status file of what counts as installed
   */
  static async open(release: DebianRelease, folder: string, status: string): Promise<Apt> {
    for (const program of ["apt-get", "dpkg-deb", "apt-config"]) {
      if (findProgram(program) === undefined) {
        throw new Error(`Debian packages need the program ${program}, which this system lacks`);
      }
    }
    for (const part of ["lists/partial", "archives/partial", "etc"]) {
      await Deno.mkdir(join(folder, part), { recursive: true });
    }
    const codename = CODENAMES[release];
    const from = await mirrors(codename);
    const signed = `[signed-by=${KEYRING} arch=${hostArchitecture()}]`;
    await Deno.writeTextFile(
      join(folder, "etc/sources.list"),
      [
        `deb ${signed} ${from.archive} ${codename} main`,
        `deb ${signed} ${from.archive} ${codename}-updates main`,
        `deb ${signed} ${from.security} ${codename}-security main`,
        "",
      ].join("\n"),
    );
    const config = join(folder, "etc/apt.conf");
    await Deno.writeTextFile(
      config,
      `Dir::State ${apt(folder)};
Dir::State::Lists ${apt(join(folder, "lists"))};
Dir::State::status ${apt(status)};
Dir::State::extended_states ${apt(join(folder, "extended_states"))};
Dir::Cache ${apt(folder)};
Dir::Cache::archives ${apt(join(folder, "archives"))};
Dir::Etc::Parts "/dev/null";
Dir::Etc::main "/dev/null";
Dir::Etc::sourcelist ${apt(join(folder, "etc/sources.list"))};
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Log "/dev/null";
APT::Architecture ${apt(hostArchitecture())};
APT::Architectures { ${apt(hostArchitecture())}; };
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Get::List-Cleanup "true";
Acquire::ForceHash "SHA256";
Acquire::GzipIndexes "true";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Debug::NoLocking "true";
${await acquireSettings()}
`,
    );
    return new Apt(release, folder, { APT_CONFIG: config });
  }

  /** Fetches the archive's lists where they are older than a day. */
  async update(options: Progress & { force?: boolean } = {}): Promise<void> {
    const stamp = join(this.folder, "lists-updated");
    const age = await Deno.stat(stamp).then((stat) => Date.now() - stat.mtime!.getTime())
      .catch(() => Infinity);
    if (!options.force && age < LISTS_MAX_AGE_MS) return;
    options.onProgress?.("Reading Debian's package lists", 0);
    try {
      await run(["apt-get", "update", "-qq", "--error-on=any", ...IMPATIENT.options], {
        env: { ...this.env, ...IMPATIENT.env },
        signal: options.signal,
      });
    } catch (error) {
      options.signal?.throwIfAborted();
      // Old lists serve as long as the mirror keeps the files, and when there is no network.
      if (age < Infinity) return;
      throw failed("Debian's package lists cannot be read", error);
    }
    await Deno.writeTextFile(stamp, "");
  }

  /** What is known of a package. @throws where the release has no package of this name */
  async show(name: string): Promise<PackageRecord> {
    const { stdout } = await run(["apt-cache", "show", "--no-all-versions", "--", name], {
      env: this.env,
      accept: [0, 100],
    });
    const field = (key: string) =>
      new RegExp(`^${key}: (.*)$`, "m").exec(stdout)?.[1]?.trim() ?? "";
    if (field("Package") !== name) {
      throw new Error(`${this.release} has no package ${name}; check its name`);
    }
    return {
      name,
      version: field("Version"),
      description: field("Description(?:-en)?"),
      depends: field("Depends"),
    };
  }

  /** The files of `names` and all they depend on, without what counts as installed. */
  async closure(names: string[]): Promise<PackageFile[]> {
    // Files that have been downloaded are not printed, so apt is shown a cache without any.
    const empty = join(this.folder, "no-archives");
    await Deno.mkdir(join(empty, "partial"), { recursive: true });
    const { stdout } = await run([
      "apt-get",
      "install",
      "--print-uris",
      "-qq",
      "-y",
      `-oDir::Cache::archives=${empty}`,
      "--",
      ...names,
    ], { env: this.env });
    return parseUris(stdout);
  }

  /**
   * Downloads the closure of `names`.
   *
   * @returns paths of the package files, each with its SHA-256 checked
   */
  async download(names: string[], options: Progress = {}): Promise<string[]> {
    const files = await this.closure(names);
    const total = files.reduce((sum, file) => sum + file.bytes, 0);
    const megabytes = Math.ceil(total / 1e6);
    await run(
      ["apt-get", "install", "--download-only", "-y", "-oAPT::Status-Fd=1", "--", ...names],
      {
        env: this.env,
        signal: options.signal,
        onLine: (line) => {
          // dlstatus:<number of file>:<percent>:<text>
          const match = /^dlstatus:(\d+):([\d.]+):/.exec(line);
          if (match === null) return;
          options.onProgress?.(
            `Downloading ${match[1]} of ${files.length} packages (${megabytes} MB)`,
            Number(match[2]) / 100,
          );
        },
      },
    ).catch((error) => {
      options.signal?.throwIfAborted();
      throw failed("The packages cannot be downloaded", error);
    });
    const paths = files.map(({ file }) => join(this.folder, "archives", file));
    for (const [index, path] of paths.entries()) {
      const sum = await sha256File(path, { signal: options.signal });
      if (sum !== files[index].sha256) {
        await Deno.remove(path);
        throw new Error(
          `${files[index].file} has SHA-256 ${sum}, expected ${files[index].sha256}; ` +
            "it was removed: import again",
        );
      }
    }
    return paths;
  }

  /**
   * Downloads one package without what it depends on, into `folder`.
   *
   * @returns the file's path; apt has checked its hash
   */
  async downloadAlone(name: string, folder: string): Promise<string> {
    const script = 'cd "$1" && exec apt-get download -qq -- "$2"';
    await run(["sh", "-c", script, "sh", folder, name], { env: this.env });
    for await (const entry of Deno.readDir(folder)) {
      if (entry.name.startsWith(`${name}_`)) return join(folder, entry.name);
    }
    throw new Error(`${this.release} has no package ${name}`);
  }
}

/** `what` went wrong, and whether it was the network's fault. */
function failed(what: string, cause: unknown): Error {
  const { message } = cause as Error;
  return NETWORK_FAILURE.test(message)
    ? new OfflineError(`${what}: there is no way to Debian's mirror`, { cause })
    : new Error(`${what}: ${message}`, { cause });
}

/** Removes downloaded package files, which are kept until an import has succeeded. */
export async function forgetDownloads(folder: string): Promise<void> {
  await Deno.remove(join(folder, "archives"), { recursive: true }).catch(() => {});
}

/** Folders that Debian keeps as links into /usr (usr-merge). */
const MERGED = ["bin", "sbin", "lib", "lib64"];

/**
 * Unpacks package files into `root` as dpkg would, without running their scripts.
 */
export async function unpackPackages(
  paths: string[],
  root: string,
  options: Progress = {},
): Promise<void> {
  for (const name of MERGED) {
    await Deno.mkdir(join(root, "usr", name), { recursive: true });
    await Deno.symlink(`usr/${name}`, join(root, name)).catch(() => {});
  }
  for (const [index, path] of paths.entries()) {
    options.onProgress?.(
      `Unpacking ${index + 1} of ${paths.length} packages`,
      index / paths.length,
    );
    await run([
      "sh",
      "-ec",
      'dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" --keep-directory-symlink --no-same-owner -p',
      "sh",
      path,
      root,
    ], { signal: options.signal });
  }
}

/** A dpkg status file that says all of `paths` are installed. */
export async function statusOf(paths: string[]): Promise<string> {
  const records = [];
  for (const path of paths) {
    const { stdout } = await run(["dpkg-deb", "--field", path]);
    records.push(`${stdout.trim()}\nStatus: install ok installed\n`);
  }
  return records.join("\n");
}

/** The machine's own Debian release where it is one of ours, else the newest that all machines run. */
export function defaultRelease(osRelease: string): DebianRelease {
  const id = /^ID=(.*)$/m.exec(osRelease)?.[1];
  const version = /^VERSION_ID="?(\d+)/m.exec(osRelease)?.[1];
  return id === "debian" && version === "13" ? "debian-13" : "debian-12";
}
