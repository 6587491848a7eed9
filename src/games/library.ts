/**
 * The library of game packages in a data directory.
 */
import { basename, join } from "node:path";
import { z } from "zod";
import type { GameInfo } from "../protocol/library.ts";
import { Id } from "../protocol/session.ts";
import { sha256File } from "../system/sha256_file.ts";
import { forgetDownloads } from "./apt.ts";
import { stageAppImage } from "./appimage_import.ts";
import { stageArchive, stageFolder } from "./archive_import.ts";
import { stageDebian } from "./debian_import.ts";
import { checkErofs, packErofs } from "./erofs.ts";
import { LibraryFolders, removeTree } from "./folders.ts";
import type { ImportContext, ManifestChanges } from "./import_source.ts";
import { Manifest } from "./manifest.ts";
import { openPackage } from "./package_import.ts";
import { ensureRuntime, releaseOf } from "./runtime.ts";
import { checkSignature, PackageSignature, signPackage, type TrustedKeys } from "./signature.ts";

const MEDIA_TYPES: Record<string, string> = {
  png: "image/png",
  svg: "image/svg+xml",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
};
/** Larger pictures are left out of the library. */
const MAX_ARTWORK_BYTES = 16 * 1024 * 1024;

/** `<id>.json`: what is known of `<id>.erofs` without opening it. */
export const PackageIndex = z.object({
  format: z.literal(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.number().int().positive(),
  importedAt: z.string(),
  manifest: Manifest,
  signature: PackageSignature.optional(),
});
export type PackageIndex = z.infer<typeof PackageIndex>;

export interface ImportOptions extends ManifestChanges {
  /** Plain steps with how far the import is, 0–1. */
  onProgress?: (step: string, fraction: number) => void;
  signal?: AbortSignal;
}

/** A game that is in the library and can be launched. */
export interface InstalledGame {
  manifest: Manifest;
  /** Its package. */
  file: string;
  index: PackageIndex;
}

export class GameLibrary {
  readonly folders: LibraryFolders;

  readonly #trusted: TrustedKeys;

  /** @param options.trustedKeys  ed25519 public keys in base64, beside those in `<dataDir>/keys` */
  constructor(options: { dataDir: string; trustedKeys?: string[] }) {
    this.folders = new LibraryFolders(options.dataDir);
    this.#trusted = { folder: this.folders.keys, keys: options.trustedKeys ?? [] };
  }

  /** Ids of all games, also of damaged ones. */
  async ids(): Promise<string[]> {
    const ids: string[] = [];
    try {
      for await (const entry of Deno.readDir(this.folders.games)) {
        if (entry.isFile && entry.name.endsWith(".json")) ids.push(entry.name.slice(0, -5));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return ids.sort();
  }

  /** All games, by title. Damaged ones are left out. */
  async list(): Promise<GameInfo[]> {
    const games: GameInfo[] = [];
    for (const id of await this.ids()) {
      const info = await this.info(id).catch(() => undefined);
      if (info !== undefined) games.push(info);
    }
    return games.sort((a, b) => a.title.localeCompare(b.title));
  }

  /** @throws where the library has no such game */
  async info(id: string): Promise<GameInfo> {
    const { manifest, index } = await this.find(id);
    const artwork = await this.#artworkFile(id);
    const signature = await checkSignature(id, index.sha256, index.signature, this.#trusted)
      .catch(() => "untrusted" as const);
    return {
      id,
      title: manifest.title,
      kind: "package",
      description: manifest.description,
      license: manifest.license,
      source: manifest.source,
      version: manifest.version,
      bytes: index.bytes,
      players: manifest.players,
      wants: manifest.wants,
      artwork: artwork === undefined ? undefined : `/api/games/${id}/artwork`,
      signature,
    };
  }

  /**
   * A game's manifest and package file.
   *
   * @throws where the library has no such game, or its file is missing or has another size than at
   *   its import
   */
  async find(id: string): Promise<InstalledGame> {
    if (!Id.safeParse(id).success) throw new Error(`"${id}" is not the id of a game`);
    const file = join(this.folders.games, `${id}.erofs`);
    let text: string;
    try {
      text = await Deno.readTextFile(join(this.folders.games, `${id}.json`));
    } catch {
      throw new Error(`The library has no game ${id}`);
    }
    const result = PackageIndex.safeParse(safeJson(text));
    if (!result.success || result.data.manifest.id !== id) {
      throw new Error(`The index entry of ${id} is damaged: remove the game and import it again`);
    }
    const index = result.data;
    const size = await Deno.stat(file).then((stat) => stat.size, () => 0);
    if (size !== index.bytes) {
      throw new Error(
        `The package of ${id} is damaged: ${size} bytes, expected ${index.bytes}; import it again`,
      );
    }
    return { manifest: index.manifest, file, index };
  }

  /**
   * Imports a game, replacing one of the same id.
   *
   * @param source  `deb:NAME`, or the path of a folder, an archive (.tar.*, .zip), an AppImage or a
   *   package (.erofs)
   * @throws where the source is missing, damaged or hostile; the library is then as it was
   */
  async import(source: string, options: ImportOptions = {}): Promise<GameInfo> {
    const { onProgress = () => {}, signal, ...changes } = options;
    const id = await this.folders.exclusively(async () => {
      signal?.throwIfAborted();
      const work = await this.folders.workFolder();
      try {
        const content = join(work, "content");
        const scratch = join(work, "scratch");
        await Deno.mkdir(content);
        await Deno.mkdir(scratch);
        const context: ImportContext = {
          folders: this.folders,
          content,
          scratch,
          changes,
          trusted: this.#trusted,
          onProgress,
          signal,
        };
        return await this.#importInto(source, work, context);
      } finally {
        await removeTree(work);
      }
    }, () => onProgress("Waiting for another import", 0));
    onProgress("Done", 1);
    return await this.info(id);
  }

  async #importInto(source: string, work: string, context: ImportContext): Promise<string> {
    const { content, onProgress, signal } = context;
    const image = join(work, "package.erofs");
    const opened = source.endsWith(".erofs")
      ? await openPackage(source, image, context)
      : { manifest: await stage(source, context), signature: undefined };
    const { manifest } = opened;
    const release = releaseOf(manifest);
    if (release !== undefined) {
      await ensureRuntime(this.folders, release, {
        onProgress: (step, done) => onProgress(step, done * 0.8),
        signal,
      });
    }
    if (opened.signature === undefined) {
      await Deno.writeTextFile(
        join(content, "gamelan.json"),
        JSON.stringify(manifest, undefined, 2) + "\n",
      );
      onProgress("Packing", 0.85);
      await Deno.remove(image).catch(() => {});
      await packErofs(content, image, { signal });
    }
    onProgress("Checking", 0.95);
    await checkErofs(image);
    const index: PackageIndex = {
      format: 1,
      sha256: await sha256File(image, { signal }),
      bytes: (await Deno.stat(image)).size,
      importedAt: new Date().toISOString(),
      manifest,
      signature: opened.signature,
    };
    await Deno.chmod(image, 0o644);
    await this.#file(index, image, work, content);
    if (release !== undefined) await forgetDownloads(this.folders.aptCache(release));
    return manifest.id;
  }

  /** Moves a finished package into the library; the index entry, which makes it visible, last. */
  async #file(index: PackageIndex, image: string, work: string, content: string) {
    const { id, artwork } = index.manifest;
    const at = (suffix: string) => join(this.folders.games, `${id}.${suffix}`);
    await Deno.writeTextFile(join(work, "index.json"), JSON.stringify(index, undefined, 2) + "\n");
    const old = await this.#artworkFile(id);
    const picture = artwork === undefined ? undefined : await readArtwork(content, artwork);
    await Deno.rename(image, at("erofs"));
    await Deno.rename(join(work, "index.json"), at("json"));
    if (old !== undefined) await Deno.remove(old);
    await Deno.remove(at("erofs.sig")).catch(() => {});
    await removeTree(join(this.folders.trees, id));
    if (picture !== undefined) {
      const type = artwork!.split(".").pop()!.toLowerCase();
      await Deno.writeFile(join(work, "art"), picture);
      await Deno.rename(join(work, "art"), at(`art.${type}`));
    }
  }

  /** Removes a game from the library; its saves stay. */
  async remove(id: string): Promise<void> {
    if (!Id.safeParse(id).success) throw new Error(`"${id}" is not the id of a game`);
    await this.folders.exclusively(async () => {
      const index = join(this.folders.games, `${id}.json`);
      const file = join(this.folders.games, `${id}.erofs`);
      const artwork = await this.#artworkFile(id);
      const existed = await Deno.remove(index).then(() => true, () => false);
      const hadFile = await Deno.remove(file).then(() => true, () => false);
      if (artwork !== undefined) await Deno.remove(artwork);
      await Deno.remove(`${file}.sig`).catch(() => {});
      await removeTree(join(this.folders.trees, id));
      if (!existed && !hadFile) throw new Error(`The library has no game ${id}`);
    });
  }

  /**
   * Reads a whole package again and compares it with what was imported.
   *
   * @throws where its SHA-256, size or signature is wrong
   */
  async verify(
    id: string,
    options: { onProgress?: (step: string, fraction: number) => void; signal?: AbortSignal } = {},
  ): Promise<PackageIndex> {
    const { file, index } = await this.find(id);
    await checkErofs(file);
    let read = 0;
    const sha256 = await sha256File(file, {
      signal: options.signal,
      onBytes: (bytes) => options.onProgress?.("Reading", (read += bytes) / index.bytes),
    });
    if (sha256 !== index.sha256) {
      throw new Error(
        `The package of ${id} was changed: SHA-256 ${sha256}, expected ${index.sha256}; ` +
          "import it again",
      );
    }
    await checkSignature(id, sha256, index.signature, this.#trusted);
    return index;
  }

  /** Signs a package and writes `<id>.erofs.sig`, which travels with the package file. */
  async sign(id: string, privateKey: string): Promise<PackageSignature> {
    const index = await this.verify(id);
    const signature = signPackage(id, index.sha256, privateKey);
    const path = join(this.folders.games, `${id}.json`);
    const work = await this.folders.workFolder();
    await Deno.writeTextFile(
      join(work, "index"),
      JSON.stringify({ ...index, signature }, undefined, 2) + "\n",
    );
    await Deno.rename(join(work, "index"), path);
    await Deno.writeTextFile(join(work, "sig"), JSON.stringify(signature) + "\n");
    await Deno.rename(join(work, "sig"), join(this.folders.games, `${id}.erofs.sig`));
    await Deno.remove(work);
    return signature;
  }

  /** The library's picture of a game, or undefined. */
  async artwork(id: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; type: string } | undefined> {
    const path = await this.#artworkFile(id);
    if (path === undefined) return undefined;
    return { bytes: await Deno.readFile(path), type: MEDIA_TYPES[path.split(".").pop()!] };
  }

  async #artworkFile(id: string): Promise<string | undefined> {
    if (!Id.safeParse(id).success) return undefined;
    for (const type of Object.keys(MEDIA_TYPES)) {
      const path = join(this.folders.games, `${id}.art.${type}`);
      if (await Deno.stat(path).then(() => true, () => false)) return path;
    }
    return undefined;
  }
}

async function stage(source: string, context: ImportContext): Promise<Manifest> {
  if (source.startsWith("deb:")) return await stageDebian(source.slice(4), context);
  const stat = await Deno.stat(source).catch(() => undefined);
  if (stat === undefined) {
    throw new Error(`There is no file or folder ${source}; a Debian package is written deb:NAME`);
  }
  if (stat.isDirectory) return await stageFolder(source, context);
  if (/\.appimage$/i.test(basename(source))) return await stageAppImage(source, context);
  return await stageArchive(source, context);
}

async function readArtwork(content: string, path: string): Promise<Uint8Array | undefined> {
  const real = await Deno.realPath(join(content, path)).catch(() => undefined);
  if (real === undefined || !real.startsWith(`${await Deno.realPath(content)}/`)) return undefined;
  const stat = await Deno.stat(real);
  return stat.isFile && stat.size <= MAX_ARTWORK_BYTES ? await Deno.readFile(real) : undefined;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
