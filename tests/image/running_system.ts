import type { Machine } from "./machine.ts";

/** What runs in a machine. */
export interface RunningSystem {
  version: string;
  /** It has proved itself: the boot loader counts its tries no more. */
  blessed: boolean;
  /** A change waits for its confirmation. */
  pending: boolean;
}

/**
 * What runs in a machine, read from its files. Tests that wait ask this: to start Gamelan for the
 * question takes an interpreted processor ten seconds, which what is waited for would do without.
 */
export async function runningSystem(machine: Machine): Promise<RunningSystem> {
  const said = await machine.output(
    '. /etc/os-release; echo "$IMAGE_VERSION"; test -e /var/lib/gamelan/box/pending.json; echo $?; ' +
      "ls /boot/EFI/Linux",
  );
  const [version, notPending, ...kernels] = said.split("\n");
  // With tries that are counted it is gamelan_VERSION+LEFT-DONE.efi.
  return {
    version,
    blessed: kernels.includes(`gamelan_${version}.efi`),
    pending: notPending === "0",
  };
}
