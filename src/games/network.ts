/**
 * A game's own network: a namespace that pasta (of passt) connects to the outside in user mode. The
 * game opens connections to anywhere the machine reaches; nobody opens one to the game, and neither
 * the machine's loopback nor its abstract sockets are in it.
 */
import { findProgram, lines, SEARCH_PATH } from "./command.ts";

/**
 * The name server that the game sees; pasta hands what is sent there to the machine's own, also to
 * one on its loopback. An address of documentation (RFC 5737), so nobody else's.
 */
const NAME_SERVER = "192.0.2.53";
export const GAME_RESOLV_CONF = `nameserver ${NAME_SERVER}\n`;

const READY_MS = 10_000;

const PASTA = [
  ...["pasta", "--quiet", "--foreground", "--config-net"],
  // Addresses of the machine's loopback cannot be reached by the gateway's, nor ports through it.
  ...["--no-map-gw", "-t", "none", "-u", "none", "-T", "none", "-U", "none"],
  ...["--no-dhcp", "--no-dhcpv6", "--dns-forward", NAME_SERVER],
];

/** Holds the namespace until its input ends: with the process that opened it, however that ends. */
const hold = (mark: string) => `echo ready; read ${mark}`;

/** The tun device belongs to root on some machines; this one is nobody else's to see. */
const WITH_TUN = `mount -t tmpfs -o mode=0755,size=64k none /dev/net
mknod -m 0666 /dev/net/tun c 10 200
exec "$@"`;

export class GameNetwork {
  private constructor(
    private readonly child: Deno.ChildProcess,
    /** Process id of one in the namespace. */
    private readonly holder: number,
  ) {}

  /**
   * Makes a network for games that run as `uid`; undefined: as this process's user.
   *
   * @throws where pasta is missing or cannot connect it, such as on a machine without network
   */
  static async open(uid: number | undefined): Promise<GameNetwork> {
    if (findProgram("pasta") === undefined) throw new Error("the package passt is not installed");
    const identity = uid === undefined ? [] : [
      ...["unshare", "--mount", "--propagation", "private", "--", "sh", "-ec", WITH_TUN, "sh"],
      ...["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"],
    ];
    const mark = `n${crypto.randomUUID().replaceAll("-", "")}`;
    const [program, ...args] = [...identity, ...PASTA, "--", "/bin/sh", "-c", hold(mark)];
    const child = new Deno.Command(findProgram(program)!, {
      args,
      env: { PATH: SEARCH_PATH, LC_ALL: "C.UTF-8" },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const said: string[] = [];
    const errors = (async () => {
      for await (const line of lines(child.stderr)) {
        if (!line.includes("syslog") && said.push(line) > 20) said.shift();
      }
    })();
    const ended = child.status.then(() => false);
    let timer: ReturnType<typeof setTimeout>;
    const late = new Promise<false>((resolve) => timer = setTimeout(resolve, READY_MS, false));
    const ready = await Promise.race([saysReady(child.stdout), ended, late]);
    clearTimeout(timer!);
    const holder = await childOf(child.pid);
    if (ready && holder !== undefined) return new GameNetwork(child, holder);
    await child.stdin.close().catch(() => {});
    // When pasta gives up, the process that it prepared for its command waits for it for ever.
    await killMarked(mark);
    await child.status;
    await errors;
    throw new Error(`pasta does not connect it: ${said.at(-1) ?? "it is not ready"}`);
  }

  /** The command words that run a program in it: by root, or as root of its user namespace. */
  enter(privileged: boolean): string[] {
    const at = `/proc/${this.holder}/ns`;
    return [
      "nsenter",
      ...(privileged ? [] : [`--user=${at}/user`, "--preserve-credentials"]),
      ...[`--net=${at}/net`, "--"],
    ];
  }

  /** Ends it; call it when no process of the game is left. */
  async close(): Promise<void> {
    await this.child.stdin.close().catch(() => {});
    await this.child.status;
  }
}

async function saysReady(output: ReadableStream<Uint8Array>): Promise<boolean> {
  for await (const line of lines(output)) return line === "ready";
  return false;
}

async function childOf(pid: number): Promise<number | undefined> {
  const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`).catch(() => "");
  return Number(children.trim().split(" ")[0]) || undefined;
}

/** Kills the processes that have `mark` in their command line. */
async function killMarked(mark: string): Promise<void> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (!line.includes(mark)) continue;
    try {
      Deno.kill(Number(name), "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
}
