/** How a stick is made. */
export interface StickOptions {
  /** Of its file system. */
  label?: string;
  /**
   * With a table of one partition, as a new stick has it (MBR), or as one made for this, which may have the
   * name in place of the label (GPT); without it the file system is the whole stick.
   */
  table?: "dos" | { gpt: string };
}

const TABLE_SECTORS = 2048;
const SECTORS = 32768;

/** Writes a raw image of a stick with these files in a FAT file system; Debian packages mtools, fdisk. */
export async function makeStick(
  path: string,
  files: Record<string, string | Uint8Array>,
  { label = "GAMELAN", table }: StickOptions = {},
): Promise<void> {
  await using folder = await temporary();
  await run(["truncate", "-s", String(SECTORS * 512), path]);
  const image = table ? `${path}@@${TABLE_SECTORS * 512}` : path;
  const sectors = table ? SECTORS - 2 * TABLE_SECTORS : SECTORS;
  if (table) await writeTable(path, table, sectors);
  await run(["mformat", "-i", image, "-T", String(sectors), "-v", label, "::"]);
  for (const [name, content] of Object.entries(files)) {
    const parts = name.split("/");
    for (let i = 1; i < parts.length; i++) {
      const parent = `::${parts.slice(0, i).join("/")}`;
      await run(["mmd", "-D", "s", "-i", image, parent]).catch(() => {});
    }
    const file = `${folder.path}/file`;
    if (typeof content === "string") await Deno.writeTextFile(file, content);
    else await Deno.writeFile(file, content);
    await run(["mcopy", "-o", "-i", image, file, `::${name}`]);
  }
}

async function writeTable(
  path: string,
  table: NonNullable<StickOptions["table"]>,
  sectors: number,
): Promise<void> {
  const [kind, rest] = table === "dos"
    ? ["dos", "type=c"]
    : ["gpt", `type=EBD0A0A2-B9E5-4433-87C0-68B6B72699C7, name="${table.gpt}"`];
  const script = `label: ${kind}\nstart=${TABLE_SECTORS}, size=${sectors}, ${rest}\n`;
  const child = new Deno.Command("/sbin/sfdisk", {
    args: ["--quiet", path],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { success, stderr } = await child.output();
  if (!success) throw new Error(`sfdisk ${path}: ${new TextDecoder().decode(stderr)}`);
}

async function temporary() {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function run(argv: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(argv[0], { args: argv.slice(1) }).output();
  if (!success) throw new Error(`${argv.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
