import { z } from "zod";
import { BackupPart } from "../protocol/machine.ts";

/** What a backup can hold, in the order in which it is written and restored. */
export const PartName = BackupPart;
export type PartName = z.infer<typeof PartName>;
export const PARTS = PartName.options;

export const partTitles: Record<PartName, string> = {
  config: "the configuration file",
  users: "the people of the house and their passwords (hashed)",
  identity: "the house's keys: certificate authority, token of its machines, trusted game keys",
  saves: "saved games with their snapshots",
  games: "game packages and runtime layers",
};

/** The first entry of a backup's outer archive: what is in it. */
export const MANIFEST_NAME = "gamelan-backup.json";

/** A backup describes itself by this, so that it can be read years later and by other programs. */
export const BackupManifest = z.object({
  format: z.literal(1),
  /** The Gamelan that wrote it. */
  gamelan: z.string(),
  /** The machine it was made on. */
  host: z.string(),
  /** ISO 8601. */
  createdAt: z.iso.datetime(),
  parts: z.array(z.object({
    name: PartName,
    /** The entry of the outer archive, a gzip-compressed tar. */
    file: z.string().regex(/^[a-z]+\.tar\.gz$/),
    bytes: z.number().int().min(0),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  })).max(PARTS.length),
});
export type BackupManifest = z.infer<typeof BackupManifest>;
