/** How the updater runs the system's programs; a test gives its own. */
export interface Programs {
  /** Its standard output. @throws with what it said, where it fails */
  output(program: string, args: string[]): Promise<string>;
}

export const systemPrograms: Programs = {
  async output(program, args) {
    const { code, stdout, stderr } = await new Deno.Command(program, {
      args,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (code === 0) return text(stdout);
    const said = text(stderr).trim().split("\n").slice(-3).join("; ");
    throw new Error(`${program} ${args[0]} ended with code ${code}: ${said}`);
  },
};
