/** Writes a raw image of a FAT file system with these files; Debian package mtools. */
export async function makeStick(
  path: string,
  files: Record<string, string | Uint8Array>,
  label = "GAMELAN",
): Promise<void> {
  await using folder = await temporary();
  await run(["truncate", "-s", "16M", path]);
  await run(["mformat", "-i", path, "-v", label, "::"]);
  for (const [name, content] of Object.entries(files)) {
    const parts = name.split("/");
    for (let i = 1; i < parts.length; i++) {
      const parent = `::${parts.slice(0, i).join("/")}`;
      await run(["mmd", "-D", "s", "-i", path, parent]).catch(() => {});
    }
    const file = `${folder.path}/file`;
    if (typeof content === "string") await Deno.writeTextFile(file, content);
    else await Deno.writeFile(file, content);
    await run(["mcopy", "-o", "-i", path, file, `::${name}`]);
  }
}

async function temporary() {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

async function run(argv: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(argv[0], { args: argv.slice(1) }).output();
  if (!success) throw new Error(`${argv.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}
