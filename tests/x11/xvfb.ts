/** An X server without a screen, for tests. */
export interface TestXServer {
  display: string;
  kill(): Promise<void>;
}

/** Starts Xvfb (Debian package xvfb) on a free display number. */
export async function startXvfb(width = 1280, height = 720): Promise<TestXServer> {
  const server = new Deno.Command("Xvfb", {
    args: ["-displayfd", "1", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = server.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let number = "";
  while (!number.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("Xvfb ended before it was ready; is the package xvfb installed?");
    number += value;
  }
  return {
    display: `:${number.trim()}`,
    async kill() {
      await reader.cancel();
      server.kill();
      await server.status;
    },
  };
}
