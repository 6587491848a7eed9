import { askNvidiaLibraries } from "../../ffi/nvidia.ts";
import type { Capability } from "../protocol/library.ts";

const VENDOR = "0x10de";
/** PCI's class of display controllers. */
const DISPLAY = "0x03";

/** What {@linkcode probeNvidia} looks at; a test gives its own. */
export interface NvidiaSystem {
  /** sysfs's folder of PCI devices. */
  pci: string;
  /** Where the libraries lie where they are installed. */
  library: string;
  ask: typeof askNvidiaLibraries;
}

const thisSystem: NvidiaSystem = {
  pci: "/sys/bus/pci/devices",
  library: "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
  ask: askNvidiaLibraries,
};

/** NVIDIA's GPUs and driver; nothing where there is neither. */
export async function probeNvidia(system = thisSystem): Promise<Capability[]> {
  const gpus = await findGpus(system.pci);
  const installed = await Deno.stat(system.library).then(() => true, () => false);
  if (gpus.length === 0 && !installed) return [];
  const row = { id: "nvidia", title: "NVIDIA driver" };
  const bare = gpus.filter(({ driver }) => driver !== "nvidia");
  const fix =
    "On an appliance, add the extension nvidia that fits its version (image/README.md); " +
    "else install Debian's package nvidia-driver.";
  if (bare.length > 0) {
    const by = bare[0].driver === undefined ? "no kernel driver" : `the driver ${bare[0].driver}`;
    return [{
      ...row,
      status: "warning",
      evidence: `The NVIDIA GPU at ${bare[0].address} has ${by}, not NVIDIA's`,
      fix,
    }];
  }
  if (!installed) {
    return [{
      ...row,
      status: "warning",
      evidence: "The kernel has NVIDIA's driver, but its libraries are missing",
      fix,
    }];
  }
  try {
    const { cuda, init, nvenc } = system.ask();
    const evidence =
      `Libraries for CUDA ${Math.floor(cuda / 1000)}.${cuda % 1000 / 10} and NVENC ` +
      `${nvenc >> 4}.${nvenc & 15} are there`;
    if (gpus.length > 0 && init === 0) {
      const where = gpus.map(({ address }) => address).join(", ");
      return [{ ...row, status: "ok", evidence: `${evidence}, for the GPU at ${where}` }];
    }
    return [{
      ...row,
      status: "warning",
      evidence: gpus.length === 0
        ? `${evidence}; no NVIDIA GPU is in this machine`
        : `${evidence}, but CUDA does not reach the GPU (cuInit answers ${init})`,
      fix: gpus.length === 0
        ? "Without one the driver is of no use here and may be removed."
        : "See `journalctl -k | grep NVRM`.",
    }];
  } catch (error) {
    const evidence = `The driver's libraries cannot be used: ${(error as Error).message}`;
    return [{ ...row, status: "warning", evidence, fix }];
  }
}

async function findGpus(pci: string): Promise<{ address: string; driver: string | undefined }[]> {
  const found: { address: string; driver: string | undefined }[] = [];
  const read = (path: string) => Deno.readTextFile(path).then((text) => text.trim(), () => "");
  const entries = await Array.fromAsync(Deno.readDir(pci)).catch(() => []);
  for (const { name: address } of entries) {
    if (await read(`${pci}/${address}/vendor`) !== VENDOR) continue;
    if (!(await read(`${pci}/${address}/class`)).startsWith(DISPLAY)) continue;
    const driver = await Deno.readLink(`${pci}/${address}/driver`)
      .then((path) => path.split("/").at(-1), () => undefined);
    found.push({ address, driver });
  }
  return found.sort((a, b) => a.address < b.address ? -1 : 1);
}
