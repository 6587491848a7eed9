import { z } from "zod";
import type { Programs } from "./programs.ts";

/** Discoverable Partitions Specification (UAPI.2), x86-64. */
const ROOT = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
const ROOT_VERITY = "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5";

export interface SlotPartition {
  /** Counts from 1, as sfdisk(8) does. */
  number: number;
  kind: "root" | "verity";
  /** `_empty` where nothing is in it. */
  label: string;
  bytes: number;
  /** Its device, such as `/dev/vda4`. */
  node: string;
  /** Its id, in lower case and without dashes. */
  uuid: string;
}

const Table = z.object({
  partitiontable: z.object({
    sectorsize: z.number().default(512),
    partitions: z.array(z.object({
      node: z.string(),
      type: z.string(),
      size: z.number(),
      name: z.string().default(""),
      uuid: z.string().default(""),
    })),
  }),
});

/** The partitions of the two slots on `disk`, in the order of the table. */
export async function readSlotPartitions(
  disk: string,
  programs: Programs,
): Promise<SlotPartition[]> {
  const { partitiontable } = Table.parse(
    JSON.parse(await programs.output("sfdisk", ["--json", disk])),
  );
  return partitiontable.partitions.flatMap(({ node, type, size, name, uuid }) => {
    const kind = type === ROOT ? "root" : type === ROOT_VERITY ? "verity" : undefined;
    if (kind === undefined) return [];
    // /dev/vda4, /dev/nvme0n1p4.
    const number = Number(/(\d+)$/.exec(node.slice(disk.length))?.[1]);
    return [{
      number,
      kind,
      label: name,
      bytes: size * partitiontable.sectorsize,
      node,
      uuid: uuid.toLowerCase().replaceAll("-", ""),
    }];
  });
}

/** Marks a slot's partition as empty, for systemd-sysupdate to take. */
export async function emptyPartition(disk: string, number: number, programs: Programs) {
  await programs.output("sfdisk", ["--part-label", disk, String(number), "_empty"]);
}
