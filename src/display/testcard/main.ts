import { isAbsolute, join } from "node:path";
import { parseArgs } from "node:util";
import { logger } from "../../system/log.ts";
import { runTestCard } from "./testcard.ts";

const USAGE = `Usage: gamelan testcard [--input-directory DIR]

Shows a test card on the Wayland display of this environment: a moving picture with frame counter
and clock, a flash and a beep for every press, and the gamepads of DIR (default: the value of
GAMELAN_INPUT_DIRECTORY, or /dev/input).

Environment: WAYLAND_DISPLAY (name or absolute path), XDG_RUNTIME_DIR, PULSE_SERVER (for the beep).
`;

/** The compositor's socket as clients find it (wl_display_connect(3)). */
function waylandSocket(): string {
  const name = Deno.env.get("WAYLAND_DISPLAY");
  const directory = Deno.env.get("XDG_RUNTIME_DIR");
  if (!name) throw new Error("expected WAYLAND_DISPLAY in the environment: start it in a session");
  if (isAbsolute(name)) return name;
  if (!directory) throw new Error(`expected XDG_RUNTIME_DIR in the environment, to find ${name}`);
  return join(directory, name);
}

/** The command `gamelan testcard`: runs until the window is closed. Returns the exit code. */
export async function testCardMain(args: string[]): Promise<number> {
  const log = logger("testcard");
  try {
    const { values } = parseArgs({
      args,
      options: { "input-directory": { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    await runTestCard({
      waylandSocket: waylandSocket(),
      inputDirectory: values["input-directory"] ?? Deno.env.get("GAMELAN_INPUT_DIRECTORY") ??
        "/dev/input",
      pulseServer: Deno.env.get("PULSE_SERVER"),
      onSilent: (reason) => log.warn("the Test card has no sound", { reason }),
    });
    return 0;
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

if (import.meta.main) Deno.exit(await testCardMain(Deno.args));
