import { join } from "node:path";
import {
  cstring,
  EAGAIN,
  EFD_CLOEXEC,
  EFD_NONBLOCK,
  errno,
  errnoText,
  libc,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
} from "../../ffi/libc.ts";
import {
  deviceNumber,
  INPUT_EVENT_BYTES,
  inputCalls,
  pollInput,
  pollReady,
  S_IFCHR,
} from "../../ffi/uinput.ts";

/** An open /dev/uinput: one device that is being described or lives. */
export interface UinputFile {
  /** ioctl(2); a buffer is filled where the request reads. Throws with the kernel's reason. */
  control(request: number, argument: number | Uint8Array<ArrayBuffer>): void;
  /** Writes struct input_event one after the other. Throws with the kernel's reason. */
  write(events: Uint8Array<ArrayBuffer>): void;
  /** What the kernel has for the device's maker (force feedback); undefined where there is nothing. */
  read(): Uint8Array<ArrayBuffer> | undefined;
  /** Closes the file, which also removes the device. */
  close(): void;
}

/** A character device that belongs to an input device, such as event5 or js0. */
export interface DeviceNode {
  name: string;
  major: number;
  minor: number;
}

/** What the input devices need of the kernel; tests record the calls instead. */
export interface InputSystem {
  /** Why devices cannot be made on this machine; undefined where they can. */
  unavailable(): string | undefined;
  open(): UinputFile;
  /** The nodes of the device that uinput called `sysname`, such as input12. */
  nodes(sysname: string): DeviceNode[];
  /** Makes a device file that every uid may open. */
  makeNode(path: string, node: DeviceNode): void;
  removeNode(path: string): void;
  /** Makes an empty directory in which device files can be opened. */
  makeDirectory(path: string): Promise<void>;
  removeDirectory(path: string): Promise<void>;
  /** Calls `onReadable` whenever the file has something to read, until the result is called. */
  watch(file: UinputFile, onReadable: () => void): () => void;
}

const UINPUT_PATH = "/dev/uinput";
const SYSFS_INPUT = "/sys/devices/virtual/input";

function failure(wanted: string): Error {
  return new Error(`expected the kernel to ${wanted}, got: ${errnoText(errno())}`);
}

class KernelUinputFile implements UinputFile {
  readonly #buffer = new Uint8Array(16 * INPUT_EVENT_BYTES);

  constructor(readonly fd: number) {}

  control(request: number, argument: number | Uint8Array<ArrayBuffer>): void {
    const result = typeof argument === "number"
      ? inputCalls.ioctl_value(this.fd, BigInt(request), BigInt(argument))
      : libc.ioctl(this.fd, BigInt(request), argument);
    if (result < 0) throw failure(`take uinput request 0x${request.toString(16)}`);
  }

  write(events: Uint8Array<ArrayBuffer>): void {
    const written = Number(libc.write(this.fd, events, BigInt(events.length)));
    if (written !== events.length) throw failure("take input events");
  }

  read(): Uint8Array<ArrayBuffer> | undefined {
    const got = Number(libc.read(this.fd, this.#buffer, BigInt(this.#buffer.length)));
    if (got > 0) return this.#buffer.slice(0, got);
    if (got < 0 && errno() !== EAGAIN) throw failure("give input events");
    return undefined;
  }

  close(): void {
    libc.close(this.fd);
  }
}

/** Waits for several files on one background thread, which exists while there is something to watch. */
class Watcher {
  readonly #watched = new Map<number, () => void>();
  #wake: number | undefined;
  #running: Promise<void> | undefined;

  add(fd: number, onReadable: () => void): () => void {
    this.#watched.set(fd, onReadable);
    this.#wakeUp();
    this.#running ??= this.#run();
    return () => {
      if (this.#watched.delete(fd)) this.#wakeUp();
    };
  }

  #wakeUp(): void {
    if (this.#wake === undefined) return;
    libc.write(this.#wake, new Uint8Array(BigUint64Array.of(1n).buffer), 8n);
  }

  async #run(): Promise<void> {
    const wake = this.#wake = libc.eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    const counter = new Uint8Array(8);
    while (this.#watched.size > 0) {
      const fds = [wake, ...this.#watched.keys()];
      const polled = pollInput(fds);
      await inputCalls.poll_async(polled, BigInt(fds.length), -1);
      libc.read(wake, counter, 8n);
      pollReady(polled).forEach((ready, i) => ready && this.#watched.get(fds[i])?.());
    }
    this.#wake = undefined;
    this.#running = undefined;
    libc.close(wake);
  }
}

/** True where device files in `path` cannot be opened: its file system is mounted `nodev`. */
async function isNodev(path: string): Promise<boolean> {
  const real = await Deno.realPath(path);
  let best = "";
  let nodev = false;
  // Fields of proc(5) mountinfo: 5 is the mount point, 6 the options.
  for (const line of (await Deno.readTextFile("/proc/self/mountinfo")).split("\n")) {
    const fields = line.split(" ");
    if (fields.length < 6) continue;
    const point = fields[4].replace(
      /\\(\d{3})/g,
      (_, octal) => String.fromCharCode(parseInt(octal, 8)),
    );
    const inside = real === point || real.startsWith(point === "/" ? "/" : point + "/");
    if (!inside || point.length < best.length) continue;
    best = point;
    nodev = fields[5].split(",").includes("nodev");
  }
  return nodev;
}

async function command(...argv: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(argv[0], {
    args: argv.slice(1),
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`${argv.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

/** The real kernel. */
export class KernelInput implements InputSystem {
  readonly #watcher = new Watcher();
  readonly #mounted = new Set<string>();

  unavailable(): string | undefined {
    const fd = libc.open(cstring(UINPUT_PATH), O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) return `${UINPUT_PATH}: ${errnoText(errno())}`;
    libc.close(fd);
    if (Deno.uid() !== 0) {
      return "only root may make device files for the game; Gamelan does not run as root";
    }
    return undefined;
  }

  open(): UinputFile {
    const fd = libc.open(cstring(UINPUT_PATH), O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) throw failure(`open ${UINPUT_PATH}`);
    return new KernelUinputFile(fd);
  }

  nodes(sysname: string): DeviceNode[] {
    const folder = join(SYSFS_INPUT, sysname);
    const found: DeviceNode[] = [];
    for (const { name } of Deno.readDirSync(folder)) {
      if (!/^(event|js)\d+$/.test(name)) continue;
      const [major, minor] = Deno.readTextFileSync(join(folder, name, "dev")).split(":").map(
        Number,
      );
      found.push({ name, major, minor });
    }
    return found;
  }

  makeNode(path: string, node: DeviceNode): void {
    const device = deviceNumber(node.major, node.minor);
    if (inputCalls.mknod(cstring(path), S_IFCHR | 0o666, device) < 0) {
      throw failure(`make the device file ${path}`);
    }
    // The process's umask took bits away.
    Deno.chmodSync(path, 0o666);
  }

  removeNode(path: string): void {
    Deno.removeSync(path);
  }

  async makeDirectory(path: string): Promise<void> {
    await Deno.mkdir(path, { recursive: true });
    if (await isNodev(path)) {
      const options = "mode=0755,size=64k,nosuid,noexec,dev";
      await command("mount", "-t", "tmpfs", "-o", options, "gamelan-input", path);
      this.#mounted.add(path);
    }
    await Deno.chmod(path, 0o755);
  }

  async removeDirectory(path: string): Promise<void> {
    if (this.#mounted.delete(path)) await command("umount", "--lazy", path);
    await Deno.remove(path, { recursive: true });
  }

  watch(file: UinputFile, onReadable: () => void): () => void {
    return this.#watcher.add((file as KernelUinputFile).fd, onReadable);
  }
}
