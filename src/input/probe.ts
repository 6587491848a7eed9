import type { Capability } from "../protocol/library.ts";
import { KernelInput } from "./input_system.ts";

const TITLE = "Gamepads";

/** The kernel modules on disk contain uinput, or it is built in. */
async function moduleOnDisk(): Promise<boolean> {
  try {
    const release = (await Deno.readTextFile("/proc/sys/kernel/osrelease")).trim();
    for (const list of ["modules.dep", "modules.builtin"]) {
      const text = await Deno.readTextFile(`/lib/modules/${release}/${list}`).catch(() => "");
      if (/\/uinput\.ko/.test(text)) return true;
    }
  } catch {
    // No /proc: nothing is known of the modules.
  }
  return false;
}

/** Whether gamepads (and keyboards and mice for evdev readers) can be made here; for `doctor`. */
export async function probeInput(): Promise<Capability[]> {
  const reason = new KernelInput().unavailable();
  if (reason === undefined) {
    const evidence = "/dev/uinput can be opened and device files can be made";
    return [{ id: "uinput", title: TITLE, status: "ok", evidence }];
  }
  const present = await Deno.stat("/dev/uinput").then(() => true, () => false);
  let fix: string;
  if (present && Deno.uid() !== 0) {
    fix = "run Gamelan as root, or play with keyboard, mouse and touch";
  } else if (present) {
    fix =
      "load the kernel's module: modprobe uinput; in a container, give it the device /dev/uinput";
  } else if (await moduleOnDisk()) {
    fix = "load the kernel's module: modprobe uinput; and for every start: " +
      "echo uinput > /etc/modules-load.d/uinput.conf";
  } else {
    fix = "use a kernel that has the uinput module (Debian's linux-image-amd64; " +
      "the cloud kernel lacks it)";
  }
  return [{
    id: "uinput",
    title: TITLE,
    status: "missing",
    evidence: `${reason}; keyboard, mouse and touch work without it`,
    fix,
  }];
}
