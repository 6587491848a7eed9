import { fileURLToPath } from "node:url";

/**
 * How this program was packaged: run from its source tree, as a bundle, or as a bundle inside an
 * executable by `deno compile`.
 */
export function packaging(): "source" | "bundle" | "compiled" {
  if (Deno.build.standalone) return "compiled";
  return import.meta.url.endsWith("/src/system/self.ts") ? "source" : "bundle";
}

const RUN = ["run", "-A", "--no-prompt"];

/**
 * The command line that runs `gamelan` with these arguments in a process of its own, from whichever
 * packaging this process has.
 */
export function selfCommand(...args: string[]): string[] {
  switch (packaging()) {
    case "compiled":
      return [Deno.execPath(), ...args];
    case "bundle":
      return [
        Deno.execPath(),
        ...RUN,
        "--no-config",
        "--no-lock",
        mainModule("./main.js"),
        ...args,
      ];
    case "source":
      return [Deno.execPath(), ...RUN, mainModule("../../main.ts"), ...args];
  }
}

/**
 * The command line that runs the Test card in its sandbox. From source it is its own module without
 * npm packages: there is neither a package cache nor a network in the sandbox.
 */
export function testcardCommand(): string[] {
  if (packaging() !== "source") return selfCommand("testcard");
  const alone = [...RUN, "--no-config", "--no-lock", "--no-npm", "--no-remote"];
  return [Deno.execPath(), ...alone, mainModule("../display/testcard/main.ts")];
}

/**
 * The directories a sandbox must be able to read for {@linkcode testcardCommand} to work inside it: the
 * executable, and the source tree or bundle.
 */
export function selfPaths(): string[] {
  switch (packaging()) {
    case "compiled":
      return [Deno.execPath()];
    case "bundle":
      return [Deno.execPath(), fileURLToPath(new URL(".", import.meta.url)).replace(/\/$/, "")];
    case "source":
      return [Deno.execPath(), fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "")];
  }
}

function mainModule(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}
