/**
 * The system-call filter of a game's sandbox, as a classic BPF program (Linux,
 * Documentation/userspace-api/seccomp_filter.rst) that bubblewrap loads.
 *
 * A list of what is denied: games and their engines use too many calls, and new ones every year, for
 * a list of what is allowed. Denied is what reaches kernel code that a game never needs and that was
 * often the way out of a sandbox.
 */

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** Numbers on x86-64 and arm64; undefined where the call does not exist there. */
type Call = [x86: number | undefined, arm: number | undefined];

/** Fails with EPERM. Numbers: arch/x86/entry/syscalls/syscall_64.tbl, asm-generic/unistd.h. */
const DENIED: Record<string, Call> = {
  // Other processes' memory.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // Mounts and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  open_tree_attr: [467, 467],
  setns: [308, 268],
  unshare: [272, 97],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  // The kernel's key store, tracing and machine code.
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  lookup_dcookie: [212, 18],
  syslog: [103, 116],
  // The machine as a whole.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  vhangup: [153, 58],
  fanotify_init: [300, 262],
  iopl: [172, undefined],
  ioperm: [173, undefined],
  modify_ldt: [154, undefined],
  uselib: [134, undefined],
  sysfs: [139, undefined],
  // Placing memory of others on NUMA nodes.
  migrate_pages: [256, 238],
  move_pages: [279, 239],
};

/** Fails with ENOSYS: programs then use the older call, which can be filtered or is harmless. */
const ABSENT: Record<string, Call> = {
  // Its flags lie in memory, where a filter cannot look; the C library falls back to clone.
  clone3: [435, 435],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  memfd_secret: [447, 447],
};

/** CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET (linux/sched.h). */
const NAMESPACE_FLAGS = 0x7e020000;
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: what games, X11, Wayland and udev use. */
const SOCKET_FAMILIES = [1, 2, 10, 16];
/**
 * ioctls that type into, or copy from, the terminal that started the program, and the one that loads
 * line disciplines (drivers of modems and radios) into the kernel.
 */
const TERMINAL_REQUESTS = { TIOCSTI: 0x5412, TIOCLINUX: 0x541c, TIOCSETD: 0x5423 };

const TARGETS = {
  x86_64: { audit: 0xc000003e, column: 0, clone: 56, socket: 41, ioctl: 16 },
  aarch64: { audit: 0xc00000b7, column: 1, clone: 220, socket: 198, ioctl: 29 },
} as const;

// linux/bpf_common.h
const LOAD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_EQUAL = 0x35;
const JUMP_ANY_BIT = 0x45;
const RETURN = 0x06;
// linux/seccomp.h
const KILL_PROCESS = 0x80000000;
const ALLOW = 0x7fff0000;
const fail = (errno: number) => 0x00050000 | errno;
// struct seccomp_data: nr, arch, instruction pointer, args (low word first).
const NUMBER = 0;
const ARCH = 4;
const argument = (index: number) => 16 + index * 8;

type Instruction = [code: number, whenTrue: number, whenFalse: number, value: number];

/**
 * The filter for one processor architecture.
 *
 * @returns array of `struct sock_filter`, 8 bytes each, little-endian
 */
export function seccompFilter(
  arch: keyof typeof TARGETS = Deno.build.arch,
): Uint8Array<ArrayBuffer> {
  const target = TARGETS[arch];
  const program: Instruction[] = [
    [LOAD, 0, 0, ARCH],
    // Another architecture's numbers (32-bit programs) would pass by this list.
    [JUMP_EQUAL, 1, 0, target.audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, NUMBER],
  ];
  if (arch === "x86_64") {
    // The x32 numbers.
    program.push([JUMP_GREATER_EQUAL, 0, 1, 0x40000000], [RETURN, 0, 0, fail(ENOSYS)]);
  }
  const answers: [Record<string, Call>, number][] = [[DENIED, EPERM], [ABSENT, ENOSYS]];
  for (const [calls, errno] of answers) {
    for (const numbers of Object.values(calls)) {
      const number = numbers[target.column];
      if (number === undefined) continue;
      program.push([JUMP_EQUAL, 0, 1, number], [RETURN, 0, 0, fail(errno)]);
    }
  }
  program.push(
    ...whenCall(target.clone, [
      [LOAD, 0, 0, argument(0)],
      [JUMP_ANY_BIT, 0, 1, NAMESPACE_FLAGS],
      [RETURN, 0, 0, fail(EPERM)],
      [RETURN, 0, 0, ALLOW],
    ]),
    ...whenCall(target.socket, [
      [LOAD, 0, 0, argument(0)],
      ...SOCKET_FAMILIES.flatMap((family): Instruction[] => [
        [JUMP_EQUAL, 0, 1, family],
        [RETURN, 0, 0, ALLOW],
      ]),
      [RETURN, 0, 0, fail(EAFNOSUPPORT)],
    ]),
    ...whenCall(target.ioctl, [
      [LOAD, 0, 0, argument(1)],
      ...Object.values(TERMINAL_REQUESTS).flatMap((request): Instruction[] => [
        [JUMP_EQUAL, 0, 1, request],
        [RETURN, 0, 0, fail(EPERM)],
      ]),
      [RETURN, 0, 0, ALLOW],
    ]),
    [RETURN, 0, 0, ALLOW],
  );
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  program.forEach(([code, whenTrue, whenFalse, value], index) => {
    view.setUint16(index * 8, code, true);
    view.setUint8(index * 8 + 2, whenTrue);
    view.setUint8(index * 8 + 3, whenFalse);
    view.setUint32(index * 8 + 4, value, true);
  });
  return bytes;
}

/** Runs `body`, which must end in a return, for one call. The number is loaded before and after. */
function whenCall(number: number, body: Instruction[]): Instruction[] {
  return [[JUMP_EQUAL, 0, body.length, number], ...body];
}
