/**
 * The program that builds a game's file system and becomes its sandbox.
 *
 * It is a shell script that runs in a mount namespace of its own, so that every mount it makes is
 * invisible to the machine and gone with the last process of the game. It mounts the layers, lays a
 * throw-away overlay on them and then turns into bubblewrap, which takes the rest away: capabilities,
 * the machine's processes, network, devices.
 */
import { programsOnly } from "../system/bubblewrap.ts";
import { shellQuote } from "./command.ts";
import { GAME_RESOLV_CONF } from "./network.ts";

/** Something of the machine that the game may reach. */
export interface Bind {
  source: string;
  /** Path in the sandbox. */
  target: string;
  writable?: boolean;
  /** Device nodes in it work. */
  devices?: boolean;
}

export interface SandboxPlan {
  /** Run by root: mounts packages in the kernel and gives the game a user id of its own. */
  privileged: boolean;
  /** An existing folder over which the private namespace mounts what it builds. */
  stage: string;
  /**
   * Layers, topmost first: package files (mounted) or unpacked trees. `inner`: the folder in the
   * layer that is laid over the root. Empty: the machine's own /usr, read-only.
   */
  layers: { source: string; mounted: boolean; inner?: string }[];
  /** Where the kernel has no overlay for this user. */
  fuseOverlay: boolean;
  /** The machine's user and group id that the game runs as (privileged only), and more groups. */
  uid: number;
  groups: number[];
  home: { source: string; path: string }[];
  binds: Bind[];
  /** Folders of the binds that it sees empty. */
  hidden: string[];
  /** It is run in a network namespace of its own and may use it; else it gets an empty one. */
  network: boolean;
  hostname: string;
  environment: Record<string, string>;
  directory: string;
  argv: string[];
  /** cgroup.procs files to enter. */
  cgroups: string[];
  /** Limits without cgroups. */
  rlimits?: { processes: number; dataBytes: number };
  scratchBytes: number;
  seccompFile: string;
  /** bubblewrap writes the process id of the sandbox's first process here. */
  infoFile: string;
}

/** The game's user and home inside every sandbox. */
export const SANDBOX_UID = 1000;
export const SANDBOX_HOME = "/home/player";
export const SANDBOX_RUNTIME_DIR = `/run/user/${SANDBOX_UID}`;

/**
 * The first process in the sandbox. It waits for all others, also for those that detached from the
 * one it started, hands SIGTERM to all, and ends with the game's exit code.
 */
const INIT = `
trap 'terminated=1; kill -TERM -1' TERM
if [ -n "$GAMELAN_PROCESSES" ]; then ulimit -p "$GAMELAN_PROCESSES"; fi
if [ -n "$GAMELAN_DATA" ]; then ulimit -d "$GAMELAN_DATA"; fi
unset GAMELAN_PROCESSES GAMELAN_DATA
terminated=
"$@" &
game=$!
wait "$game"
code=$?
# A signal ends the waiting, not the game; 127: its end had been told already.
while [ -n "$terminated" ]; do
  terminated=
  wait "$game"
  again=$?
  if [ "$again" != 127 ]; then code=$again; fi
done
while :; do
  set -- /proc/[0-9]*
  if [ $# -le 1 ]; then break; fi
  sleep 0.2
done
exit "$code"
`;

/** /run holds sockets and small files. */
const RUN_BYTES = 64 * 1024 * 1024;

/** Mount points that must be real folders, whatever the game's files say. */
const SKELETON = ["proc", "dev", "tmp", "run", "home/player", "game", "etc", "sys"];

/** What programs of the machine's own /usr need of its /etc. */
const HOST_ETC = [
  "ld.so.cache",
  "ld.so.conf",
  "ld.so.conf.d",
  "alternatives",
  "fonts",
  "ssl/certs",
];

/** The shell script for `plan`. */
export function stageScript(plan: SandboxPlan): string {
  const stage = plan.stage;
  const script: string[] = ["set -eu", "umask 022"];
  const step = (...words: string[]) => script.push(words.map(shellQuote).join(" "));
  for (const entrance of plan.cgroups) script.push(`echo 0 > ${shellQuote(entrance)}`);

  const size = `size=${plan.scratchBytes}`;
  step("mount", "-t", "tmpfs", "-o", `mode=0755,nosuid,${size}`, "gamelan", stage);
  step("mkdir", `${stage}/root`, `${stage}/home`, `${stage}/bind`);
  step("mkdir", `${stage}/upper`, `${stage}/work`);
  for (const path of SKELETON) step("mkdir", "-p", `${stage}/skeleton/${path}`);
  const host = plan.layers.length === 0;
  if (!host) mountLayers(plan, script, step);
  if (plan.network) {
    const file = shellQuote(`${stage}/skeleton/etc/resolv.conf`);
    script.push(`printf %s ${shellQuote(GAME_RESOLV_CONF)} > ${file}`);
  }

  const owner = plan.privileged ? plan.uid : 0;
  const whole = plan.home.find((save) => save.path === ".");
  if (whole !== undefined) {
    step("mount", "--rbind", whole.source, `${stage}/home`);
  } else {
    for (const save of plan.home) step("mkdir", "-p", `${stage}/home/${save.path}`);
    step("chown", "-R", `${owner}:${owner}`, `${stage}/home`);
    for (const save of plan.home) {
      step("mount", "--rbind", save.source, `${stage}/home/${save.path}`);
    }
  }
  plan.binds.forEach((bind, index) => {
    const at = shellQuote(`${stage}/bind/${index}`);
    const source = shellQuote(bind.source);
    script.push(`if [ -d ${source} ]; then mkdir ${at}; else : > ${at}; fi`);
    step("mount", "--rbind", bind.source, `${stage}/bind/${index}`);
  });

  const identity = plan.privileged
    ? [
      "setpriv",
      `--reuid=${plan.uid}`,
      `--regid=${plan.uid}`,
      plan.groups.length === 0 ? "--clear-groups" : `--groups=${plan.groups.join(",")}`,
      "--inh-caps=-all",
      "--",
    ]
    : [];
  script.push(
    `exec 8> ${shellQuote(plan.infoFile)} 9< ${shellQuote(plan.seccompFile)}`,
    `exec ${[...identity, ...bubblewrap(plan, host)].map(shellQuote).join(" ")}`,
  );
  return script.join("\n") + "\n";
}

function mountLayers(
  plan: SandboxPlan,
  script: string[],
  step: (...words: string[]) => void,
): void {
  const stage = plan.stage;
  const lower = [`${stage}/skeleton`];
  plan.layers.forEach((layer, index) => {
    const at = `${stage}/layer${index}`;
    step("mkdir", at);
    if (layer.mounted) step("mount", "-t", "erofs", "-o", "ro,nosuid,nodev", layer.source, at);
    else step("mount", "--rbind", layer.source, at);
    if (layer.inner !== undefined) {
      // A link would lay a folder of this machine under the game.
      const inner = shellQuote(`${at}/${layer.inner}`);
      script.push(
        `if [ -L ${inner} ] || [ ! -d ${inner} ]; then`,
        `  echo "The package holds no folder ${layer.inner}; import the game again" >&2; exit 1`,
        "fi",
      );
    }
    lower.push(layer.inner === undefined ? at : `${at}/${layer.inner}`);
  });
  const options = [
    `lowerdir=${lower.join(":")}`,
    `upperdir=${stage}/upper`,
    `workdir=${stage}/work`,
  ];
  if (plan.fuseOverlay) {
    step("fuse-overlayfs", "-o", options.join(","), `${stage}/root`);
  } else {
    const user = plan.privileged ? [] : ["userxattr"];
    step(
      "mount",
      "-t",
      "overlay",
      "-o",
      ["nosuid", "nodev", ...user, ...options].join(","),
      "gamelan",
      `${stage}/root`,
    );
  }
}

/** Options of bwrap(1) that lay nothing over a folder. */
function empty(folder: string): string[] {
  return ["--size", "4096", "--perms", "0555", "--tmpfs", folder, "--remount-ro", folder];
}

function bubblewrap(plan: SandboxPlan, host: boolean): string[] {
  const stage = plan.stage;
  const uid = String(SANDBOX_UID);
  const environment: Record<string, string> = {
    ...plan.environment,
    GAMELAN_PROCESSES: String(plan.rlimits?.processes ?? ""),
    GAMELAN_DATA: plan.rlimits === undefined
      ? ""
      : String(Math.floor(plan.rlimits.dataBytes / 1024)),
  };
  return [
    "bwrap",
    ...[
      "--unshare-user",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--unshare-cgroup-try",
    ],
    ...(plan.network ? [] : ["--unshare-net"]),
    ...["--die-with-parent", "--new-session", "--as-pid-1", "--disable-userns"],
    ...["--uid", uid, "--gid", uid, "--hostname", plan.hostname, "--clearenv", "--cap-drop", "ALL"],
    ...(host ? programsOnly(HOST_ETC) : ["--bind", `${stage}/root`, "/"]),
    ...["--proc", "/proc", "--dev", "/dev"],
    // Lists all input devices of the machine, other sessions' with them.
    ...empty("/proc/bus"),
    ...["--size", String(plan.scratchBytes), "--perms", "1777", "--tmpfs", "/dev/shm"],
    ...["--size", String(plan.scratchBytes), "--perms", "1777", "--tmpfs", "/tmp"],
    ...["--size", String(RUN_BYTES), "--tmpfs", "/run"],
    ...["--perms", "0700", "--dir", SANDBOX_RUNTIME_DIR],
    ...["--bind", `${stage}/home`, SANDBOX_HOME],
    ...plan.binds.flatMap((bind, index) => [
      bind.devices ? "--dev-bind" : bind.writable ? "--bind" : "--ro-bind",
      `${stage}/bind/${index}`,
      bind.target,
    ]),
    ...plan.hidden.flatMap(empty),
    // After the devices have their places in it: it is memory without a limit of its own.
    ...["--remount-ro", "/dev"],
    ...Object.entries(environment).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--chdir", plan.directory, "--seccomp", "9", "--info-fd", "8"],
    ...["--", "/bin/sh", "-c", INIT, "gamelan-init", ...plan.argv],
  ];
}
