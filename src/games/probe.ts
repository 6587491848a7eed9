/**
 * What of the sandbox this machine can do, for `gamelan doctor`: each is tried, not looked up.
 */
import { join } from "node:path";
import type { Capability } from "../protocol/library.ts";
import { SessionCgroup } from "./cgroup.ts";
import { findProgram, run, SEARCH_PATH } from "./command.ts";
import { packErofs } from "./erofs.ts";
import { GameNetwork } from "./network.ts";
import { userOverlayWorks } from "./sandbox.ts";

/** Tries every part of the sandbox. Never throws; takes about 0.2 s. */
export async function probeSandbox(): Promise<Capability[]> {
  return [
    await probeBubblewrap(),
    await probeOverlay(),
    await probePackages(),
    await probeLimits(),
    await probeGameNetwork(),
    probeImports(),
  ];
}

const reason = (error: unknown) => error instanceof Error ? error.message : String(error);

async function probeBubblewrap(): Promise<Capability> {
  const row = { id: "sandbox", title: "Sandbox for games (bubblewrap, user namespaces)" };
  const fix = "Install the package bubblewrap; where user namespaces are off, set " +
    "kernel.unprivileged_userns_clone=1 and user.max_user_namespaces above 0 with sysctl";
  if (findProgram("bwrap") === undefined) {
    return { ...row, status: "missing", evidence: "bwrap is not installed", fix };
  }
  try {
    const version = (await run(["bwrap", "--version"])).stdout.trim();
    // As games are started: by a user without rights.
    const identity = Deno.uid() === 0
      ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
      : [];
    const sandbox = ["bwrap", "--unshare-all", "--unshare-user", "--disable-userns"];
    const mounts = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"];
    await run([...identity, ...sandbox, ...mounts, "true"]);
    return { ...row, status: "ok", evidence: `${version}, a sandbox without rights starts` };
  } catch (error) {
    return { ...row, status: "missing", evidence: reason(error), fix };
  }
}

async function probeOverlay(): Promise<Capability> {
  const row = { id: "sandbox-overlay", title: "Throw-away layer over games (overlayfs)" };
  if (Deno.uid() !== 0) {
    if (await userOverlayWorks()) {
      return { ...row, status: "ok", evidence: "the kernel's overlay works in a user namespace" };
    }
    return findProgram("fuse-overlayfs") !== undefined
      ? { ...row, status: "warning", evidence: "fuse-overlayfs is used, which is slower" }
      : {
        ...row,
        status: "missing",
        evidence: "neither the kernel's overlay nor fuse-overlayfs works for this user",
        fix: "Install the package fuse-overlayfs",
      };
  }
  const script = "mount -t tmpfs none /mnt && cd /mnt && mkdir l u w m && " +
    "mount -t overlay -o lowerdir=l,upperdir=u,workdir=w none m";
  return await tryMount(script, {
    ...row,
    good: "the kernel's overlay works",
    fix: "Load the kernel module overlay (modprobe overlay)",
  });
}

async function probePackages(): Promise<Capability> {
  const row = { id: "sandbox-packages", title: "Game packages (erofs)" };
  if (findProgram("mkfs.erofs") === undefined) {
    return {
      ...row,
      status: "missing",
      evidence: "mkfs.erofs is not installed",
      fix: "Install the package erofs-utils",
    };
  }
  if (Deno.uid() !== 0) {
    return {
      ...row,
      status: "warning",
      evidence: "only root may mount packages: games are unpacked once and take their size twice",
      fix: "Run Gamelan as a system service",
    };
  }
  const folder = await Deno.makeTempDir({ prefix: "gamelan-probe-" });
  try {
    await Deno.mkdir(join(folder, "content"));
    await packErofs(join(folder, "content"), join(folder, "image"));
    return await tryMount(`mount -t erofs -o ro '${join(folder, "image")}' /mnt`, {
      ...row,
      good: "the kernel mounts packages",
      fix: "Load the kernel module erofs; Linux before 6.12 also needs loop devices",
    });
  } catch (error) {
    return { ...row, status: "missing", evidence: reason(error) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

interface MountTry {
  id: string;
  title: string;
  good: string;
  fix: string;
}

/** Runs mounts in a namespace that ends at once. */
async function tryMount(script: string, { good, fix, ...row }: MountTry): Promise<Capability> {
  const { success, stderr } = await new Deno.Command("/usr/bin/unshare", {
    args: ["--mount", "--propagation", "private", "sh", "-c", script],
    env: { PATH: SEARCH_PATH },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (success) return { ...row, status: "ok", evidence: good };
  return {
    ...row,
    status: "missing",
    evidence: new TextDecoder().decode(stderr).trim().split("\n")[0],
    fix,
  };
}

async function probeLimits(): Promise<Capability> {
  const row = { id: "sandbox-limits", title: "Limits for games (control groups)" };
  try {
    const group = await SessionCgroup.create("probe", {
      memoryBytes: 64 * 1024 * 1024,
      processes: 16,
      cpus: 1,
    });
    const description = group?.describe ?? "";
    await group?.remove();
    if (/memory.*pids.*cpu/.test(description)) {
      return { ...row, status: "ok", evidence: description };
    }
    return {
      ...row,
      status: "warning",
      evidence: description === ""
        ? "no control groups for games that are started from here: they get only per-process limits"
        : `only ${description}`,
      fix: "Run Gamelan as a system service with Delegate=yes",
    };
  } catch (error) {
    return { ...row, status: "warning", evidence: reason(error) };
  }
}

async function probeGameNetwork(): Promise<Capability> {
  const row = { id: "sandbox-network", title: "Network for games that want it (pasta)" };
  try {
    // As games are started: by a user without rights.
    const network = await GameNetwork.open(Deno.uid() === 0 ? 65534 : undefined);
    await network.close();
    return { ...row, status: "ok", evidence: "a network of its own is connected to the outside" };
  } catch (error) {
    const fix = findProgram("pasta") === undefined
      ? "Install the package passt"
      : "Connect the machine to the network; /dev/net/tun must be there and open to this user";
    return {
      ...row,
      status: "warning",
      evidence: `such games start without network: ${reason(error)}`,
      fix,
    };
  }
}

function probeImports(): Capability {
  const needed: Record<string, string> = {
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "unsquashfs": "squashfs-tools",
    "unzip": "unzip",
    "xz": "xz-utils",
    "zstd": "zstd",
  };
  const missing = Object.keys(needed).filter((program) => findProgram(program) === undefined);
  const row = { id: "game-imports", title: "Importing games" };
  if (missing.length === 0) {
    return { ...row, status: "ok", evidence: "Debian packages, AppImages and archives" };
  }
  return {
    ...row,
    status: "warning",
    evidence: `missing: ${missing.join(", ")}`,
    fix: `Install the packages ${missing.map((program) => needed[program]).join(" ")}`,
  };
}
