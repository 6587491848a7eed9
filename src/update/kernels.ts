/**
 * The bootable kernels on the EFI system partition. Their file names count tries: UAPI.1 Boot Loader
 * Specification, "Boot counting"; systemd-boot(7) lowers the count with each try and takes one that
 * has none left only where there is no other.
 */
import { join } from "node:path";
import { SystemVersion } from "./version.ts";

export interface Kernel {
  /** Its file's name. */
  name: string;
  version: SystemVersion;
  /** Tries it has left; absent: blessed. */
  triesLeft?: number;
}

const NAME = /^(?<version>[0-9.]+)(?:\+(?<left>\d+)(?:-\d+)?)?\.efi$/;

/** The kernels of `product` in `folder`; files that are none of them are passed over. */
export async function readKernels(folder: string, product: string): Promise<Kernel[]> {
  const kernels: Kernel[] = [];
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !name.startsWith(`${product}_`)) continue;
    const match = NAME.exec(name.slice(product.length + 1))?.groups;
    if (!match || !SystemVersion.safeParse(match.version).success) continue;
    const triesLeft = match.left === undefined ? undefined : Number(match.left);
    kernels.push({ name, version: match.version, triesLeft });
  }
  return kernels;
}

/** Lets the boot loader choose this kernel only where there is no other. */
export async function condemnKernel(folder: string, product: string, kernel: Kernel) {
  const name = `${product}_${kernel.version}+0-1.efi`;
  if (name !== kernel.name) await Deno.rename(join(folder, kernel.name), join(folder, name));
}

/** Lets the boot loader choose this kernel for good. */
export async function blessKernel(folder: string, product: string, kernel: Kernel) {
  const name = `${product}_${kernel.version}.efi`;
  if (name !== kernel.name) await Deno.rename(join(folder, kernel.name), join(folder, name));
}
