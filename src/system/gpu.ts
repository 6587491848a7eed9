import type { Capability } from "../protocol/library.ts";

/** Kernel drivers of GPUs and the name people know them by. */
const vendors: Record<string, string> = {
  "0x1002": "AMD",
  "0x10de": "NVIDIA",
  "0x8086": "Intel",
  "0x1af4": "virtio",
};

/**
 * The GPUs of this machine, from /dev/dri and sysfs. Games draw on them; encoding is by libx264 on
 * the processor.
 */
export async function probeGpu(): Promise<Capability[]> {
  const nodes: string[] = [];
  try {
    for await (const { name } of Deno.readDir("/dev/dri")) {
      if (name.startsWith("renderD")) nodes.push(name);
    }
  } catch {
    // No /dev/dri: no GPU driver is loaded.
  }
  if (nodes.length === 0) {
    return [{
      id: "gpu",
      title: "GPU",
      status: "warning",
      evidence: "No render node in /dev/dri; OpenGL games are drawn by the processor (llvmpipe)",
      fix: "Install the GPU's driver and firmware, or go on with 2D and older 3D games.",
    }];
  }
  return await Promise.all(
    nodes.sort().map(async (name): Promise<Capability> => {
      const vendor = await Deno.readTextFile(`/sys/class/drm/${name}/device/vendor`)
        .then((text) => vendors[text.trim()] ?? text.trim()).catch(() => "unknown vendor");
      const driver = await Deno.readLink(`/sys/class/drm/${name}/device/driver`)
        .then((path) => path.split("/").at(-1)).catch(() => "unknown driver");
      return {
        id: `gpu-${name}`,
        title: "GPU",
        status: "ok",
        evidence: `/dev/dri/${name}: ${vendor}, kernel driver ${driver}`,
      };
    }),
  );
}
