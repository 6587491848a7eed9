import { fileURLToPath } from "node:url";

/** How this program was packaged: run from its source tree, as a bundle, or by `deno compile`. */
export function packaging(): "source" | "bundle" | "compiled" {
  if (Deno.build.standalone) return "compiled";
  return import.meta.url.endsWith("/src/system/self.ts") ? "source" : "bundle";
}

/**
 * The command line that runs `gamelan` with these arguments in a process of its own, from whichever
 * packaging this process has.
 */
export function selfCommand(...args: string[]): string[] {
  switch (packaging()) {
    case "compiled":
      return [Deno.execPath(), ...args];
    case "bundle":
      return [Deno.execPath(), "run", "-A", "--no-lock", mainModule("./main.js"), ...args];
    case "source":
      return [Deno.execPath(), "run", "-A", "--no-prompt", mainModule("../../main.ts"), ...args];
  }
}

/**
 * The directories a sandbox must be able to read for {@linkcode selfCommand} to work inside it: the
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
