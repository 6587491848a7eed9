import { launchCommand, launchGame, type LaunchLimits } from "../games/launch.ts";
import { GameLibrary } from "../games/library.ts";
import type { GameEnvironment, GameProcess } from "../media/stages.ts";
import type { SessionSpec } from "../protocol/session.ts";
import type { GameNeeds } from "./stages.ts";
import { selfPaths, testcardCommand } from "../system/self.ts";

/** What the source wants of its session, by its package's manifest. */
export async function gameNeeds(spec: SessionSpec): Promise<GameNeeds> {
  if (spec.source.kind === "command") return { x11: spec.source.x11, evdev: false };
  if (spec.source.kind !== "package") return { x11: false, evdev: false };
  const library = new GameLibrary({ dataDir: spec.dataDir });
  const { manifest: { wants } } = await library.find(spec.source.gameId);
  return { x11: wants.includes("x11"), evdev: wants.includes("evdev") };
}

/** Starts what `spec` names in its sandbox; a running desktop needs nothing started. */
export async function launchSource(
  spec: SessionSpec,
  environment: GameEnvironment,
): Promise<GameProcess | undefined> {
  const { source } = spec;
  const limits = launchLimits(spec);
  switch (source.kind) {
    case "x11":
      return undefined;
    case "package":
      return await launchGame(source.gameId, environment, { limits });
    case "testcard":
      return await launchCommand({
        argv: testcardCommand(),
        readOnly: selfPaths(),
        // Deno writes its compile cache; what it writes in the sandbox is thrown away.
        environment: { DENO_DIR: "/tmp/deno", DENO_NO_UPDATE_CHECK: "1" },
        limits,
      }, environment);
    case "command":
      return await launchCommand({
        argv: source.argv,
        readOnly: [],
        limits,
      }, environment);
  }
}

function launchLimits({ limits }: SessionSpec): LaunchLimits {
  return {
    memoryBytes: limits.memoryMb * 1e6,
    processes: limits.pids,
    cpus: limits.cpus || undefined,
    scratchBytes: limits.scratchMb * 1e6,
    savesBytes: limits.savesMb && limits.savesMb * 1e6,
  };
}
