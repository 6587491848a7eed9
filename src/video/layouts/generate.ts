/**
 * Writes ffi/libav_layouts.ts from the C headers of each supported libavcodec major.
 *
 * Give it one include folder per major, newest last. The headers of another Debian release can be
 * had without touching this machine: `apt-get download libavcodec-dev libavutil-dev` from that
 * release's archive, then `dpkg-deb -x` into a folder.
 *
 * ```sh
 * deno run -A src/video/layouts/generate.ts \
 *   bookworm/usr/include/x86_64-linux-gnu trixie/usr/include/x86_64-linux-gnu
 * ```
 *
 * The structures hold only ints, pointers, 64-bit numbers and rationals, so the offsets are the
 * same on every LP64 Linux, x86-64 and arm64 alike. Needs a C compiler (package gcc).
 */
import { dirname, join } from "node:path";

type Offsets = Record<string, number>;
interface Probe {
  avcodec: number;
  avutil: number;
  codecContext: Offsets;
  frame: Offsets;
  packet: Offsets;
  option: Offsets;
}

async function run(command: string, args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Compiles the probe against the headers in `include` and runs it. */
async function probe(include: string): Promise<Probe> {
  const folder = await Deno.makeTempDir();
  try {
    const program = join(folder, "probe");
    const source = join(import.meta.dirname!, "probe.c");
    await run("cc", ["-I", include, "-Wno-deprecated-declarations", "-o", program, source]);
    return JSON.parse(await run(program, []));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function table(layout: Probe): string {
  const record = (offsets: Offsets) =>
    `{\n${
      Object.entries(offsets).map(([field, offset]) => `      ${field}: ${offset},\n`).join("")
    }    }`;
  return `  ${layout.avcodec}: {
    avutil: ${layout.avutil},
    codecContext: ${record(layout.codecContext)},
    frame: ${record(layout.frame)},
    packet: ${record(layout.packet)},
    option: ${record(layout.option)},
  },
`;
}

function fields(offsets: Offsets): string {
  return `Record<${
    Object.keys(offsets).map((field) => JSON.stringify(field)).join(" | ")
  }, number>`;
}

if (Deno.args.length === 0) {
  console.error(
    "expected one include folder per libavcodec major, such as /usr/include/x86_64-linux-gnu",
  );
  Deno.exit(2);
}
const layouts = await Promise.all(Deno.args.map(probe));
const first = layouts[0];
const target = join(import.meta.dirname!, "../../../ffi/libav_layouts.ts");
await Deno.mkdir(dirname(target), { recursive: true });
await Deno.writeTextFile(
  target,
  `/**
 * Byte offsets in the structures of libavcodec and libavutil, by libavcodec's major version.
 * Generated from the C headers by src/video/layouts/generate.ts; do not edit.
 */

export interface LibavLayout {
  /** The libavutil major that belongs to it. */
  avutil: number;
  /** AVCodecContext */
  codecContext: ${fields(first.codecContext)};
  /** AVFrame */
  frame: ${fields(first.frame)};
  /** AVPacket */
  packet: ${fields(first.packet)};
  /** AVOption */
  option: ${fields(first.option)};
}

export const libavLayouts: Readonly<Record<number, LibavLayout>> = {
${layouts.map(table).join("")}};
`,
);
await run(Deno.execPath(), ["fmt", "--quiet", target]);
console.log(`${target}: libavcodec ${layouts.map((layout) => layout.avcodec).join(", ")}`);
