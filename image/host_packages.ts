import type { Requirement } from "../src/cli/bootstrap/packages.ts";

/** What `deno task image` needs of this machine; everything else is in a Debian 13 tree of its own. */
export const hostPackages: Requirement[] = [
  { anyOf: ["mmdebstrap"], why: "unpack Debian 13's build tools into a folder" },
  { anyOf: ["debian-archive-keyring"], why: "know that they are Debian's" },
  { anyOf: ["python3"], why: "run mkosi, which builds the image" },
  { anyOf: ["uidmap"], why: "build without being root" },
  { anyOf: ["qemu-utils"], why: "write the image for virtual machines (qcow2)" },
];
