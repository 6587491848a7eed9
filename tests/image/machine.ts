/**
 * A box in QEMU: boots the image as real hardware would, through UEFI firmware, on a processor that is
 * interpreted (TCG), so that it runs wherever the tests run. Its ports are those of this machine's
 * loopback. Without UDP ports it reaches nothing of the network; with them {@linkcode isolate} is called.
 */
import { createSocket, type Socket } from "node:dgram";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { emulatorCommand, emulatorTree } from "../../image/tools_tree.ts";
import { Followed } from "./followed.ts";
import { Qmp } from "./qmp.ts";
import { freePorts } from "../tools/free_ports.ts";

const emulator = emulatorTree(fileURLToPath(new URL("../../image/build", import.meta.url)));
const FIRMWARE = join(emulator, "usr/share/OVMF/OVMF_CODE_4M.fd");
const VARIABLES = join(emulator, "usr/share/OVMF/OVMF_VARS_4M.fd");
/**
 * TCG goes through `rep stosb` and `rep movsb` byte by byte. Without the features that recommend them
 * Linux and glibc take eight bytes or more at once: ready in 77 s of a processor instead of 92 s.
 * Without the second line's ones it loads no modules for KVM and AES, which saves 5 to 10 % more.
 */
const PROCESSOR = "max,erms=off,fsrm=off,fzrm=off,fsrs=off,fsrc=off," +
  "svm=off,aes=off,vaes=off,pclmulqdq=off,pku=off,mpx=off";
/**
 * Memory for translated code, of which a start makes 400 MiB. Where it is full all of it goes, also what
 * runs just then.
 */
const TRANSLATED_MIB = 1536;
/** An interpreted machine on busy cores is slow, not broken. */
const BOOT_MS = 600_000;
const COMMAND_MS = 240_000;

export interface MachineOptions {
  /** Raw image; it is not written to. */
  image: string;
  /** For logs; also the SMBIOS identity is made from it. */
  name: string;
  /** Credentials by SMBIOS, systemd.system-credentials(7). */
  credentials?: Record<string, string>;
  /** The machine's key for SSH, made by {@linkcode makeKey}; without it there is no SSH. */
  key?: string;
  /** The key comes to it in another way, such as on a drive; else by credential. */
  keyElsewhere?: boolean;
  /** A raw image of a USB stick. */
  stick?: string;
  /**
   * A second network card, on a cable to one other machine: the UDP ports of both ends here. A kept machine
   * has one or drives, not both.
   */
  cable?: { here: number; there: number };
  /** UDP ports that are the same inside and outside. */
  udpPorts?: number[];
  /** Raw images of disks that it can read, by the names it finds them by: /dev/disk/by-id/virtio-NAME. */
  drives?: Record<string, string>;
  /** It goes on from what {@linkcode Machine.keep} has kept, and is not switched on. */
  memory?: string;
  /** It starts again when it restarts itself; else it goes off then. */
  reboots?: boolean;
  /** A disk that an earlier machine has used, in place of a new one; stays when this one is gone. */
  disk?: string;
  /** The same for the firmware's variables; made where it is not there. */
  variables?: string;
  /** The same machine again, on another start of QEMU: its SMBIOS identity. */
  uuid?: string;
  /** Its board's watchdog (Intel TCO) resets it; else that does nothing. */
  watchdog?: boolean;
  /** Nobody plays on it: its house keeps no program loaded for the next game. */
  unplayed?: boolean;
  /**
   * Its house is given ten minutes to answer, not three, before systemd starts it again: two machines that
   * measure their latency at a time leave it none of an interpreted processor. A kept machine's is that from
   * the start.
   */
  patient?: boolean;
  diskGiB?: number;
  processors?: number;
  memoryMiB?: number;
}

/** What a command in the machine ended with. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** Makes a key pair for SSH and gives the path of the private one; the public one is at `.pub`. */
export async function makeKey(folder: string): Promise<string> {
  const path = join(folder, "key");
  await command(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path]);
  return path;
}

/** Makes a disk with the image on it, as qcow2. The image must stay. */
export async function makeDisk(image: string, path: string, gib = 8): Promise<void> {
  const back = ["-b", await Deno.realPath(image), "-F", "raw"];
  await command(["qemu-img", "create", "-q", "-f", "qcow2", ...back, path, `${gib}G`]);
}

/** The two ends of a cable between two machines: UDP ports that were free just now. */
export async function cableEnds(): Promise<[number, number]> {
  const sockets = await Promise.all([0, 1].map(() =>
    new Promise<Socket>((resolve, reject) => {
      const socket = createSocket("udp4");
      socket.once("error", reject).bind(0, "127.0.0.1", () => resolve(socket));
    })
  ));
  const [one, other] = sockets.map((socket) => socket.address().port);
  for (const socket of sockets) socket.close();
  return [one, other];
}

type Cable = NonNullable<MachineOptions["cable"]>;

/** A cable's end as QEMU's network backend. */
function netdevOf({ here, there }: Cable): Record<string, unknown> {
  const at = (port: number) => `127.0.0.1:${port}`;
  return { type: "socket", id: "cable", udp: at(there), localaddr: at(here) };
}

/** The card in that end, with a locally administered address: the usual one is the other machine's too. */
function cardOf({ here }: Cable): Record<string, unknown> {
  const hex = here.toString(16).padStart(4, "0");
  const mac = `52:54:00:47:${hex.slice(0, 2)}:${hex.slice(2)}`;
  return { driver: "virtio-net-pci", netdev: "cable", romfile: "", mac };
}

async function command(argv: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(argv[0], { args: argv.slice(1) }).output();
  if (!success) throw new Error(`${argv.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** A running virtual machine. */
export class Machine implements AsyncDisposable {
  readonly started = performance.now();
  #shared: Deno.ChildProcess | undefined;
  #off = false;

  private constructor(
    readonly options: MachineOptions,
    readonly folder: string,
    readonly ports: { ssh: number; http: number; https: number },
    /** What it wrote to its serial port. */
    readonly serial: string,
    private readonly child: Deno.ChildProcess,
    private readonly qmp: Qmp,
    /** What QEMU itself wrote, once it has ended. */
    private readonly said: Promise<string>,
  ) {
    child.status.then(() => this.#off = true);
    // A connection to what ran before would be waited for in vain.
    qmp.onEvent = ({ event }) => void (event === "RESET" && this.#endShared());
  }

  /** Switches a machine on. `artifacts`: where its serial log and screenshots are kept. */
  static async start(options: MachineOptions, artifacts: string): Promise<Machine> {
    const folder = await Deno.makeTempDir({ prefix: `gamelan-vm-${options.name}-` });
    await Deno.mkdir(artifacts, { recursive: true });
    const disk = options.disk ?? join(folder, "disk.qcow2");
    if (options.disk === undefined) await makeDisk(options.image, disk, options.diskGiB);
    const variables = options.variables ?? join(folder, "variables.fd");
    const known = await Deno.stat(variables).then(() => true, () => false);
    if (!known) await Deno.copyFile(VARIABLES, variables);
    const serial = join(artifacts, `${options.name}-serial.txt`);
    // Why a test failed at its first run is still told after the second.
    await Deno.rename(serial, serial.replace(/\.txt$/, "-before.txt")).catch(() => {});
    for (let tries = 1;; tries++) {
      try {
        return await Machine.#launch(options, folder, { disk, variables, serial });
      } catch (error) {
        // Another machine, or a browser, has taken a port that was free just now.
        if (tries === 3 || !/host forwarding rule/.test((error as Error).message)) throw error;
      }
    }
  }

  static async #launch(
    options: MachineOptions,
    folder: string,
    files: { disk: string; variables: string; serial: string },
  ): Promise<Machine> {
    const [ssh, http, https] = freePorts(3);
    const ports = { ssh, http, https };
    const { argv: [program, ...args], env } = emulatorCommand(emulator);
    const child = new Deno.Command(program, {
      args: [...args, ...arguments_(options, folder, files, ports)],
      env,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const said = new Response(child.stderr).text();
    try {
      const qmp = await Promise.race([
        Qmp.connect(join(folder, "qmp.sock")),
        child.status.then(async () => {
          throw new Error(`QEMU ended at once: ${(await said).trim()}`);
        }),
      ]);
      const machine = new Machine(options, folder, ports, files.serial, child, qmp, said);
      if (options.memory) await machine.#goOn();
      return machine;
    } catch (error) {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended.
      }
      throw error;
    }
  }

  /**
   * Writes its memory to a file, from which a machine with its disk, its firmware's variables, its UUID and
   * the same number of processors can go on; it stands still from then on.
   */
  async keep(path: string): Promise<void> {
    await this.#endShared();
    // It shall not keep a session that nobody goes on with.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    await this.qmp.execute("stop");
    await this.qmp.execute("migrate-set-parameters", { "max-bandwidth": 2 ** 32 });
    await this.qmp.execute("migrate", { uri: `file:${path}` });
    for (;;) {
      const state = await this.qmp.execute("query-migrate") as Record<string, string>;
      if (state.status === "completed") return;
      if (state.status === "failed") throw new Error(`not kept: ${JSON.stringify(state)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Lets a kept machine run, and tells it what is another now: the time, and its drives. */
  async #goOn(): Promise<void> {
    for (;;) {
      const { status } = await this.qmp.execute("query-status") as { status: string };
      if (status !== "inmigrate") break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.qmp.execute("cont");
    for (const [name, file] of Object.entries(this.options.drives ?? {})) {
      await this.qmp.execute("blockdev-add", {
        ...{ "node-name": name, driver: "raw", "read-only": true },
        file: { driver: "file", filename: file },
      });
      const device = { driver: "virtio-blk-pci", drive: name, serial: name, bus: "later" };
      await this.qmp.execute("device_add", device);
    }
    if (this.options.cable) {
      await this.qmp.execute("netdev_add", netdevOf(this.options.cable));
      await this.qmp.execute("device_add", { ...cardOf(this.options.cable), bus: "later" });
    }
    await this.output(`date --set=@${Date.now() / 1000}; udevadm settle`);
  }

  /** Milliseconds since it was switched on. */
  get uptimeMs(): number {
    return performance.now() - this.started;
  }

  /** How often QEMU has told of something since the start, such as `RESET` (also by itself) or `WATCHDOG`. */
  count(event: string): number {
    return this.qmp.events.filter((one) => one.event === event).length;
  }

  /** Whether the house says that it is ready, right now. */
  async answers(signal = AbortSignal.timeout(5000)): Promise<boolean> {
    try {
      const response = await fetch(`http://localhost:${this.ports.http}/readyz`, { signal });
      return await response.text() === "ready\n";
    } catch {
      return false;
    }
  }

  /** Writes a file in the machine. */
  async write(path: string, content: Uint8Array): Promise<void> {
    await this.feed(`cat >'${path}'`, content);
  }

  /** Gives a shell command in the machine, which must succeed, something to read. */
  async feed(script: string, input: Uint8Array): Promise<void> {
    const child = new Deno.Command("ssh", {
      args: this.#sshArguments(script),
      stdin: "piped",
      stdout: "null",
      stderr: "piped",
      signal: AbortSignal.timeout(COMMAND_MS),
    }).spawn();
    const writer = child.stdin.getWriter();
    const written = writer.write(input).then(() => writer.close());
    const { success, stderr } = await child.output();
    const said = new TextDecoder().decode(stderr);
    if (!success) throw new Error(`${script} failed in the machine: ${said}`);
    await written;
  }

  /** Resolves when the house says that it is ready; gives the milliseconds since the start. */
  async ready(timeoutMs = BOOT_MS): Promise<number> {
    const answered = new AbortController();
    await this.#until("the house to be ready", timeoutMs, async () => {
      // TCP asks a machine that has no network yet again after 6 and 18 seconds only, so others are asked
      // beside it.
      const limits = [answered.signal, AbortSignal.timeout(20_000)];
      const asked = this.answers(AbortSignal.any(limits)).then((ready) => {
        if (ready) answered.abort();
      });
      await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 1000))]);
      return answered.signal.aborted;
    });
    return this.uptimeMs;
  }

  /** Resolves when SSH lets us in; gives the milliseconds since the start. */
  async sshReady(timeoutMs = BOOT_MS): Promise<number> {
    await this.#until("SSH", timeoutMs, async () => (await this.ssh("true", 60_000)).code === 0);
    return this.uptimeMs;
  }

  /** Takes its way out to the network; what is forwarded goes on. */
  async isolate(): Promise<void> {
    await this.output("ip route del default; ip -6 route del default; ! ip route get 192.0.2.1");
  }

  /**
   * Makes one connection of SSH, by which all commands go: one of its own costs an interpreted machine a
   * second or two. Where it breaks, each has that again until the next one is made.
   */
  #share(): void {
    if (this.#shared !== undefined || this.#off) return;
    const shared = this.#shared = new Deno.Command("ssh", {
      args: ["-M", "-N", ...this.#sshArguments()],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    shared.status.then(() => {
      if (this.#shared === shared) this.#shared = undefined;
    });
  }

  async #endShared(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    try {
      shared?.kill();
    } catch {
      // It has ended by itself.
    }
    await shared?.status;
  }

  /** Runs a shell command as root in the machine. */
  async ssh(script: string, timeoutMs = COMMAND_MS): Promise<Outcome> {
    const { code, stdout, stderr } = await new Deno.Command("ssh", {
      args: this.#sshArguments(script),
      stdin: "null",
      signal: AbortSignal.timeout(timeoutMs),
    }).output();
    // It is what ssh itself says where nobody answers.
    if (code !== 255) this.#share();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }

  /**
   * Runs a shell command that answers each line it reads with one of its own, and asks it `count` times
   * on one connection. Times as {@linkcode performance.now} has them.
   */
  async conversation(
    script: string,
    count: number,
  ): Promise<{ sentAt: number; cameAt: number; line: string }[]> {
    await using child = new Deno.Command("ssh", {
      args: this.#sshArguments(script),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      signal: AbortSignal.timeout(COMMAND_MS),
    }).spawn();
    const writer = child.stdin.getWriter();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const said = [];
    for (let left = count; left > 0; left--) {
      const sentAt = performance.now();
      await writer.write(new TextEncoder().encode("\n"));
      let line = "";
      while (!line.includes("\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`expected an answer of ${script} in the machine, it ended`);
        line += value;
      }
      said.push({ sentAt, cameAt: performance.now(), line: line.trimEnd() });
    }
    await writer.close();
    await reader.cancel();
    return said;
  }

  /**
   * Follows what a shell command in the machine writes: to ask again and again for a file that grows would
   * keep an interpreted processor from what is waited for.
   */
  follow(script: string): Followed {
    return new Followed("ssh", this.#sshArguments(script));
  }

  #sshArguments(script?: string): string[] {
    if (!this.options.key) throw new Error(`expected a key for the machine ${this.options.name}`);
    const options = {
      StrictHostKeyChecking: "no",
      UserKnownHostsFile: "/dev/null",
      LogLevel: "ERROR",
      ConnectTimeout: "30",
      ServerAliveInterval: "30",
      BatchMode: "yes",
      IdentitiesOnly: "yes",
      ControlPath: join(this.folder, "ssh.sock"),
    };
    return [
      ...["-i", this.options.key, "-p", String(this.ports.ssh), "-F", "none"],
      ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
      "root@127.0.0.1",
      ...(script === undefined ? [] : [script]),
    ];
  }

  /** The standard output of a command that must succeed. */
  async output(script: string, timeoutMs = COMMAND_MS): Promise<string> {
    const { code, stdout, stderr } = await this.ssh(script, timeoutMs);
    if (code === 0) return stdout.trimEnd();
    const said = stderr || stdout || `nothing was said; ${await this.#howItIs()}`;
    throw new Error(`ended with code ${code} in the machine: ${said.trimEnd()}\n${script}`);
  }

  /** Its journal beside its serial log, where it can still be asked. */
  async #keepJournal(): Promise<void> {
    if (!this.options.key || this.#off) return;
    const { code, stdout } = await this.ssh(
      "journalctl -b -o short-monotonic --no-pager; tail -n +1 /var/lib/gamelan/logs/*.log",
      60_000,
    );
    if (code === 0) await Deno.writeTextFile(this.serial.replace("-serial", "-journal"), stdout);
  }

  /** Whether it runs, and the end of its serial port's log. */
  async #howItIs(): Promise<string> {
    // It closes its monitor where it ends.
    const state = await this.qmp.execute("query-status").then(JSON.stringify, async () => {
      const { code, signal } = await this.child.status;
      return `QEMU ended (${signal ?? code}) ${(await this.said).trim()}`;
    });
    const last = JSON.stringify(this.qmp.events.at(-1));
    return `${state}; last event ${last}; the end of its serial port:\n${await this
      .#serialTail()}`;
  }

  async #serialTail(): Promise<string> {
    const log = await Deno.readTextFile(this.serial).catch(() => "");
    return log.split("\n").slice(-15).join("\n");
  }

  /** The text on its screen, line by line, as the kernel's console has it (vcs(4)). */
  async screenText(): Promise<string> {
    const columns = Number((await this.output("stty -F /dev/tty1 size")).split(" ")[1]);
    // Four bytes a character, of its Unicode number.
    const base64 = await this.output("base64 -w0 /dev/vcsu1");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    const lines: string[] = [];
    for (let at = 0; at < bytes.length; at += columns * 4) {
      let line = "";
      for (let i = 0; i < columns; i++) {
        line += String.fromCodePoint(view.getUint32(at + i * 4, true) || 32);
      }
      lines.push(line.trimEnd());
    }
    return lines.join("\n");
  }

  /** Plugs a USB stick in: a raw image. Once, and where there was none at the start. */
  async plugStick(file: string): Promise<void> {
    await this.qmp.execute("device_add", { driver: "qemu-xhci", id: "usb", bus: "later-usb" });
    await this.qmp.execute("blockdev-add", {
      ...{ "node-name": "stick", driver: "raw", "read-only": true },
      file: { driver: "file", filename: file },
    });
    await this.qmp.execute("device_add", { driver: "usb-storage", drive: "stick", bus: "usb.0" });
  }

  /** Pulls the plug of the network that its forwarded ports lead to, or puts it in again. */
  async plug(up: boolean): Promise<void> {
    await this.qmp.execute("set_link", { name: "net", up });
  }

  /** Writes what its screen shows as PNG. */
  async screenshot(path: string): Promise<void> {
    await this.qmp.execute("screendump", { filename: path, format: "png" });
  }

  /** Presses its power button and waits until it is off. Throws where it does not go off. */
  async powerOff(timeoutMs = 180_000): Promise<void> {
    await this.qmp.execute("system_powerdown");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the machine is not off within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    try {
      await Promise.race([this.child.status, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** What a power cut does. */
  async cutPower(): Promise<void> {
    this.qmp.close();
    try {
      this.child.kill("SIGKILL");
    } catch {
      // It is off already.
    }
    await this.child.status;
    await this.#endShared();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#keepJournal().catch(() => {});
    await this.cutPower();
    await Deno.remove(this.folder, { recursive: true });
  }

  async #until(what: string, timeoutMs: number, check: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last = "nothing";
    while (Date.now() < deadline) {
      if (this.#off) {
        throw new Error(`the machine went off while waiting for ${what}: ${await this.#howItIs()}`);
      }
      try {
        if (await check()) return;
        last = "a refusal";
      } catch (error) {
        last = (error as Error).message;
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const tail = await this.#serialTail();
    throw new Error(`no ${what} within ${timeoutMs} ms; last: ${last}; its serial port:\n${tail}`);
  }
}

function arguments_(
  options: MachineOptions,
  folder: string,
  files: { disk: string; variables: string; serial: string },
  ports: Machine["ports"],
): string[] {
  const forwards = [
    `hostfwd=tcp:127.0.0.1:${ports.ssh}-:22`,
    `hostfwd=tcp:127.0.0.1:${ports.http}-:80`,
    `hostfwd=tcp:127.0.0.1:${ports.https}-:443`,
    ...(options.udpPorts ?? []).map((port) => `hostfwd=udp:127.0.0.1:${port}-:${port}`),
  ];
  // QEMU's own network drops every answer by UDP where it is restricted, forwarded port or not.
  const restrict = options.udpPorts ? "off" : "on";
  const settings = [
    // There is no way to Debian's games from it, and to try keeps its processor busy for a minute.
    "GAMELAN_LIBRARY_FIRST_IMPORT=",
    ...(options.unplayed ? ["GAMELAN_SESSION_KEEP_READY=false"] : []),
  ];
  const credentials: Record<string, string> = {
    "systemd.unit-dropin.gamelan.service": `[Service]\nEnvironment=${settings.join(" ")}\n` +
      (options.patient ? "WatchdogSec=10min\n" : ""),
    // It would step back behind whoever plays, for which there is no time here. Not later by the tests:
    // systemd reads its units anew for longer than the watchdog's half a minute.
    "systemd.unit-dropin.box-stick-update@.service":
      "[Service]\nNice=0\nIOSchedulingClass=best-effort\n",
    ...options.credentials,
  };
  if (options.key && !options.keyElsewhere) {
    credentials["ssh.authorized_keys.root"] = Deno.readTextFileSync(`${options.key}.pub`);
  }
  const smbios = Object.entries(credentials).flatMap(([name, value]) => [
    "-smbios",
    `type=11,value=io.systemd.credential.binary:${name}=${btoa(value)}`,
  ]);
  const stick = options.stick
    ? [
      ...["-device", "qemu-xhci"],
      ...["-drive", `if=none,id=stick,format=raw,readonly=on,file=${options.stick}`],
      ...["-device", "usb-storage,drive=stick"],
    ]
    : [];
  // A kept machine has neither this nor drives; it gets them as it goes on.
  const cable = options.cable && !options.memory
    ? [
      ...["-netdev", JSON.stringify(netdevOf(options.cable))],
      ...["-device", JSON.stringify(cardOf(options.cable))],
    ]
    : [];
  const fixed = options.memory ? {} : options.drives ?? {};
  const drives = Object.entries(fixed).flatMap(([name, file]) => [
    "-drive",
    `if=none,id=${name},format=raw,readonly=on,file=${file}`,
    "-device",
    `virtio-blk-pci,drive=${name},serial=${name}`,
  ]);
  return [
    ...["-nodefaults", "-no-user-config", ...(options.reboots ? [] : ["-no-reboot"])],
    // No disk and no sensor is on these controllers, and their drivers take seconds to find that out.
    ...["-M", "q35,sata=off,smbus=off"],
    ...["-accel", `tcg,thread=multi,tb-size=${TRANSLATED_MIB}`, "-cpu", PROCESSOR],
    ...["-smp", String(options.processors ?? 2)],
    ...["-m", String(options.memoryMiB ?? 2048), "-uuid", options.uuid ?? crypto.randomUUID()],
    ...["-drive", `if=pflash,format=raw,readonly=on,file=${FIRMWARE}`],
    ...["-drive", `if=pflash,format=raw,file=${files.variables}`],
    ...["-drive", `if=none,id=disk,format=qcow2,file=${files.disk},cache=unsafe,discard=unmap`],
    // The firmware would try a drive that has come since, and the network, before it.
    ...["-device", "virtio-blk-pci,drive=disk,bootindex=0"],
    ...["-netdev", `user,id=net,restrict=${restrict},${forwards.join(",")}`],
    ...["-device", "virtio-net-pci,netdev=net,romfile=", "-device", "virtio-rng-pci"],
    // For a drive that comes later, and for a stick.
    ...["-device", "pcie-root-port,id=later,chassis=1"],
    ...["-device", "pcie-root-port,id=later-usb,chassis=2"],
    ...["-vga", "std", "-display", "none", "-serial", `file:${files.serial}`],
    ...["-qmp", `unix:${join(folder, "qmp.sock")},server=on,wait=off`],
    ...(options.memory ? ["-incoming", `file:${options.memory}`] : []),
    ...(options.watchdog ? ["-global", "ICH9-LPC.noreboot=false"] : []),
    ...["-action", `watchdog=${options.watchdog ? "reset" : "none"}`],
    ...cable,
    ...smbios,
    ...stick,
    ...drives,
  ];
}
