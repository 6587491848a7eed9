/**
 * What the importers have in common. Each fills a folder with the package's content:
 *
 * root/        files over the runtime layer; a game that is a folder lies in root/game
 * artwork.*    the picture
 *
 * and returns the manifest; the library writes gamelan.json, packs, hashes and files it.
 */
import { basename, join } from "node:path";
import type { LibraryFolders } from "./folders.ts";
import type { TrustedKeys } from "./signature.ts";
import { Manifest, type ManifestInput } from "./manifest.ts";

/** What a person may set or correct at an import. */
export type ManifestChanges = Partial<Omit<ManifestInput, "format" | "architecture">>;

export interface ImportContext {
  folders: LibraryFolders;
  /** The package's content goes here. */
  content: string;
  /** For anything else; removed after the import. */
  scratch: string;
  changes: ManifestChanges;
  trusted: TrustedKeys;
  onProgress: (step: string, fraction: number) => void;
  signal?: AbortSignal;
}

/** Most a package may unpack to, in bytes, and the most entries. */
export const MAX_CONTENT_BYTES = 200e9;
export const MAX_ENTRIES = 2_000_000;

/** Puts the person's changes over what the importer found, and checks the whole. */
export function finishManifest(found: ManifestInput, changes: ManifestChanges): Manifest {
  const defined = Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined),
  );
  const result = Manifest.safeParse({ ...found, ...defined });
  if (!result.success) {
    const problems = result.error.issues.map((issue) =>
      `${issue.path.join(".")}: ${issue.message}`
    );
    throw new Error(`The game's manifest would not be valid: ${problems.join("; ")}`);
  }
  return result.data;
}

/**
 * Copies a picture of the source to the package's top.
 *
 * @returns its name there
 */
export async function takeArtwork(context: ImportContext, path: string): Promise<string> {
  const type = basename(path).split(".").pop()!.toLowerCase();
  const name = `artwork.${type}`;
  await Deno.copyFile(path, join(context.content, name));
  return name;
}

/** Files below `folder` (no folders), as relative paths; links are named, never followed. */
export async function* walk(folder: string, prefix = ""): AsyncGenerator<[string, Deno.DirEntry]> {
  for await (const entry of Deno.readDir(folder)) {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    yield [path, entry];
    if (entry.isDirectory) yield* walk(join(folder, entry.name), path);
  }
}
