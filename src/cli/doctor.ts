import { probeSound } from "../audio/probe.ts";
import { probeNetwork } from "../coordinator/probe.ts";
import { probeXwayland } from "../display/xwayland/probe.ts";
import { probeSandbox } from "../games/probe.ts";
import { probeInput } from "../input/probe.ts";
import type { Config } from "../config/config.ts";
import { probeUdpPort } from "../node/probe.ts";
import type { Capability } from "../protocol/library.ts";
import { probeGpu } from "../system/gpu.ts";
import { probeNvidia } from "../system/nvidia.ts";
import { osRelease } from "../system/os_release.ts";
import { probeExtensions } from "../update/probe.ts";
import { probeVideoEncoders } from "../video/probe.ts";
import { ExitCode } from "./exit_codes.ts";
import { readSettings } from "./settings.ts";
import { systemExtensions } from "./system_slots.ts";

const help = `Usage: gamelan doctor [--json]

Checks what this machine can do: encoders, sandbox, sound, gamepads, GPU, ports, clock. Each line
says what was seen, and what to do where something is missing.

Exit code 1 where something is missing without which games cannot be played.

Example:
  gamelan doctor`;

/** Games can be played without these. */
const optional = new Set(["uinput"]);

/** `gamelan doctor` */
export async function run(args: string[]): Promise<number> {
  const { config, flags } = readSettings(args);
  if (flags.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const capabilities = await probeAll(config);
  if (flags.json) console.log(JSON.stringify(capabilities));
  else console.log(report(capabilities));
  const broken = capabilities.some(({ id, status }) => status === "missing" && !optional.has(id));
  return broken ? ExitCode.failure : ExitCode.ok;
}

/** All probes, one after the other so that they do not disturb each other's measurements. */
async function probeAll(config: Config): Promise<Capability[]> {
  const probes: [string, () => Promise<Capability[]>][] = [
    ["Video encoder", probeVideoEncoders],
    ["GPU", probeGpu],
    ["NVIDIA driver", () => probeNvidia()],
    ["Extensions", probeOwnExtensions],
    ["X11 games", probeXwayland],
    ["Sound", probeSound],
    ["Gamepads", probeInput],
    ["Sandbox", probeSandbox],
    ["Network", () => probeNetwork(config)],
    ["UDP port", async () => [await probeUdpPort(config)]],
  ];
  const capabilities: Capability[] = [];
  for (const [title, probe] of probes) {
    try {
      capabilities.push(...await probe());
    } catch (error) {
      capabilities.push({
        id: title.toLowerCase().replaceAll(" ", "-"),
        title,
        status: "warning",
        evidence: `The check itself failed: ${(error as Error).message}`,
        fix: "Report this with the line above.",
      });
    }
  }
  return capabilities;
}

async function probeOwnExtensions(): Promise<Capability[]> {
  const system = systemExtensions(osRelease());
  return system === undefined ? [] : await probeExtensions(system);
}

/** Lines for a person: mark, title, evidence, and the fix below. */
export function report(capabilities: Capability[]): string {
  const marks = { ok: "✓", warning: "!", missing: "✗" };
  const width = Math.max(...capabilities.map(({ title }) => title.length));
  return capabilities.map(({ status, title, evidence, fix }) => {
    const line = `${marks[status]} ${title.padEnd(width)}  ${evidence}`;
    return fix && status !== "ok" ? `${line}\n${" ".repeat(width + 4)}→ ${fix}` : line;
  }).join("\n");
}
