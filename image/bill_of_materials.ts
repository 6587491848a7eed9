import { join } from "node:path";
import { z } from "zod";

/** What mkosi writes of a build, as far as it is used here. */
const Manifest = z.object({
  packages: z.array(z.object({
    type: z.literal("deb"),
    name: z.string(),
    version: z.string(),
    architecture: z.string(),
  })),
});

const Lock = z.object({ npm: z.record(z.string(), z.unknown()) });

const Bill = z.object({
  bomFormat: z.literal("CycloneDX"),
  components: z.array(z.object({ name: z.string(), version: z.string(), purl: z.string() })),
});

/** What a bill of materials is made of. */
export interface Materials {
  version: string;
  /** Seconds since 1970, of the sources. */
  epoch: number;
  /** Text of mkosi's manifest. */
  manifest: string;
  /** Text of deno.lock. */
  lock: string;
}

const debPurl = (name: string, version: string, architecture: string) =>
  `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=debian-13`;

/**
 * The image's software bill of materials, CycloneDX 1.6 (ECMA-424) as JSON: Debian's packages, Deno,
 * and the npm packages that Gamelan is made of. The same inputs give the same text.
 */
export function billOfMaterials({ version, epoch, manifest, lock }: Materials): string {
  const packages = Manifest.parse(JSON.parse(manifest)).packages;
  const npm = Object.keys(Lock.parse(JSON.parse(lock)).npm).map((key) => {
    // "name@1.0.0", with those it is joined to after an underscore.
    const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key)!;
    return { name, version };
  });
  const components = [
    ...packages.map(({ name, version, architecture }) => ({
      type: "library",
      name,
      version,
      purl: debPurl(name, version, architecture),
    })),
    {
      type: "platform",
      name: "deno",
      version: Deno.version.deno,
      purl: `pkg:github/denoland/deno@v${Deno.version.deno}`,
    },
    ...npm.map(({ name, version }) => ({
      type: "library",
      name,
      version,
      purl: `pkg:npm/${name.replace(/^@/, "%40")}@${version}`,
    })),
  ];
  components.sort((a, b) => a.purl < b.purl ? -1 : 1);
  return cycloneDx({ type: "operating-system", name: "gamelan", version }, epoch, components);
}

/** The same of a system extension, with the packages whose files are in it. */
export function billOfExtension({ name, version, epoch, packages }: {
  name: string;
  version: string;
  epoch: number;
  packages: { name: string; version: string }[];
}): string {
  const components = packages.map(({ name, version }) => ({
    type: "library",
    name,
    version,
    purl: debPurl(name, version, "amd64"),
  }));
  components.sort((a, b) => a.purl < b.purl ? -1 : 1);
  return cycloneDx({ type: "operating-system", name, version }, epoch, components);
}

function cycloneDx(component: Record<string, string>, epoch: number, components: unknown[]) {
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { timestamp: new Date(epoch * 1000).toISOString(), component },
    components,
  };
  return JSON.stringify(bill, null, 2) + "\n";
}

/**
 * apt's preferences, apt_preferences(5), by which exactly the packages of a former bill of materials
 * are installed.
 *
 * @throws where the text is no such bill
 */
export function pinnedTo(bill: string): string {
  return debianPackages(bill).map(({ name, version }) =>
    `Package: ${name}\nPin: version ${version}\nPin-Priority: 1001\n`
  ).join("\n");
}

/** Debian's packages in a bill of materials. @throws where the text is no such bill */
export function debianPackages(bill: string): { name: string; version: string }[] {
  const { components } = Bill.parse(JSON.parse(bill));
  const debs = components.filter(({ purl }) => purl.startsWith("pkg:deb/"));
  if (debs.length === 0) throw new Error("expected Debian packages in the bill of materials");
  return debs;
}

/** Bytes of each package's files in the image before compression, the largest first. */
export async function packageSizes(output: string): Promise<{ name: string; bytes: number }[]> {
  const text = await Deno.readTextFile(join(output, "packages.tsv"));
  return text.trim().split("\n").map((line) => {
    const [name, bytes] = line.split("\t");
    return { name, bytes: Number(bytes) };
  }).sort((a, b) => b.bytes - a.bytes);
}
