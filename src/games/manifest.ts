/**
 * `gamelan.json`, the manifest at the root of every game package.
 */
import { z } from "zod";
import { GameWant } from "../protocol/library.ts";
import { Id } from "../protocol/session.ts";

/** Largest `gamelan.json` that is read, in bytes. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

// deno-lint-ignore no-control-regex -- these are the characters that are refused
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A path inside a package or a home: relative, `/`-separated, no empty, `.` or `..` parts. */
export const InnerPath = z.string().min(1).max(1024).refine(
  (path) =>
    !CONTROL.test(path) && !path.includes("\\") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
  "expected a relative path without . or .. parts",
);

/** `.` is the whole home. */
export const SavePath = z.union([z.literal("."), InnerPath]);

const Text = z.string().max(4096).refine((text) => !text.includes("\0"), "expected no NUL");
const Line = z.string().max(300).refine((text) => !CONTROL.test(text), "expected one line");

export const SaveDirectory = z.strictObject({
  /** Its name under `<dataDir>/saves/<user>/<game>/`. */
  name: Id,
  /** Where the game sees it, relative to its home. */
  path: SavePath,
});

function overlap(a: string, b: string): boolean {
  return a === "." || b === "." || a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

export const Manifest = z.strictObject({
  /** Version of this format. */
  format: z.literal(1),
  id: Id,
  title: Line.min(1),
  description: Text.default(""),
  /** Program and arguments; `./x` is looked for in `directory`. */
  command: z.array(Text.min(1)).min(1).max(200),
  /** Working directory in the sandbox, an absolute path. */
  directory: z.string().regex(/^\/[^\0]*$/, "expected an absolute path").default("/game"),
  /** Added to the sandbox's own environment. */
  environment: z.record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,100}$/, "expected an environment variable's name"),
    Text,
  ).default({}),
  /** Runtime layer below the game, such as `debian-12`; `none`: the package brings everything. */
  runtime: z.enum(["debian-12", "debian-13", "none"]),
  saves: z.array(SaveDirectory).max(32).default([]).refine(
    (saves) =>
      saves.every((save, index) =>
        saves.every((other, at) =>
          at === index || (!overlap(save.path, other.path) && save.name !== other.name)
        )
      ),
    "expected save directories that do not overlap and have different names",
  ),
  /** Picture size the game likes best, in pixels. */
  size: z.strictObject({
    width: z.number().int().min(320).max(3840),
    height: z.number().int().min(200).max(2160),
  }).optional(),
  players: z.number().int().min(1).max(64).default(1),
  wants: z.array(GameWant).max(GameWant.options.length).default([]),
  /** Picture for the library, a path in the package. */
  artwork: InnerPath.refine(
    (path) => /\.(png|svg|jpe?g|webp)$/i.test(path),
    "expected a .png, .svg, .jpg or .webp",
  ).optional(),
  license: Line.default(""),
  /** Where it came from, such as `deb:supertux`. */
  source: Line.default(""),
  version: Line.default(""),
  /** Debian architecture of its programs, such as `amd64`; `all` where it has none. */
  architecture: z.enum(["amd64", "arm64", "all"]),
});
export type Manifest = z.infer<typeof Manifest>;
/** What a person writes: everything with a default may be left out. */
export type ManifestInput = z.input<typeof Manifest>;

/** The architecture of this machine, as Debian names it. */
export function hostArchitecture(): "amd64" | "arm64" {
  return Deno.build.arch === "aarch64" ? "arm64" : "amd64";
}

/**
 * Reads and checks a manifest.
 *
 * @param text  JSON
 * @param from  where it was read, for the message
 * @throws with every wrong field and what was expected
 */
export function parseManifest(text: string, from: string): Manifest {
  if (text.length > MAX_MANIFEST_BYTES) {
    throw new Error(`${from} has ${text.length} bytes, expected at most ${MAX_MANIFEST_BYTES}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`${from} is not JSON: ${(error as Error).message}`);
  }
  const result = Manifest.safeParse(value);
  if (!result.success) {
    const problems = result.error.issues.map((issue) =>
      `${issue.path.join(".") || "manifest"}: ${issue.message}`
    );
    throw new Error(`${from} is not a valid game manifest: ${problems.join("; ")}`);
  }
  return result.data;
}

/** An id out of any name: `Super Tux 2` → `super-tux-2`. @throws where nothing usable is left */
export function idFromName(name: string): string {
  const id = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-").replaceAll(/^-+|-+$/g, "").slice(
    0,
    63,
  ).replace(/-+$/, "");
  if (!Id.safeParse(id).success) {
    throw new Error(`No id can be made of "${name}"; give one with --id`);
  }
  return id;
}
