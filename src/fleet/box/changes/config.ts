/** A new configuration file for Gamelan. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { ConfigError, loadConfig } from "../../../config/config.ts";
import { removeFile, replaceFile } from "../../durable_file.ts";
import { BoxRefused } from "../refused.ts";
import type { PrepareRequest } from "../protocol.ts";
import type { Pending } from "../state.ts";
import type { BoxContext, Offer, Outcome, Provisional } from "./change.ts";

type ConfigRequest = Extract<PrepareRequest, { kind: "config" }>;

function readOrNull(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function put({ host }: BoxContext, text: string | null): void {
  // The service may run as another user than root.
  if (text === null) removeFile(host.configFile);
  else replaceFile(host.configFile, text, 0o644);
}

/** @throws BoxRefused where this box could not start with it */
async function validate({ host }: BoxContext, text: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-config-" });
  const file = join(folder, "gamelan.toml");
  try {
    await Deno.writeTextFile(file, text);
    const { data_dir } = loadConfig({ file, env: {}, flags: {} });
    // This box finds its state, also to go back, by its data directory.
    if (/^\s*data_dir\s*=/m.test(text) && data_dir !== host.dataDir) {
      throw new BoxRefused(
        "config",
        `data_dir cannot be changed by a push: expected "${host.dataDir}", got "${data_dir}"`,
      );
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new BoxRefused("config", error.message.replaceAll(file, "the configuration"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

export async function offerConfig(context: BoxContext, request: ConfigRequest): Promise<Offer> {
  await validate(context, request.text);
  const same = readOrNull(context.host.configFile) === request.text;
  return {
    id: `config-${createHash("sha256").update(request.text).digest("hex").slice(0, 16)}`,
    bytes: request.text.length,
    has: same ? "has this configuration" : undefined,
  };
}

export async function applyConfig(
  context: BoxContext,
  { text }: ConfigRequest,
): Promise<Provisional> {
  await validate(context, text);
  return {
    pending: { config: { previous: readOrNull(context.host.configFile) } },
    detail: "the service runs with the new configuration",
    reboots: false,
    make: async () => {
      put(context, text);
      await context.host.restartService();
    },
  };
}

export async function confirmConfig(context: BoxContext, pending: Pending): Promise<Outcome> {
  const { service } = await context.host.health(false);
  if (service === "failed" || service === "stopped") {
    throw new BoxRefused("unhealthy", `The service is ${service} with the new configuration`);
  }
  context.state.applied = {
    ...context.state.applied,
    configBefore: pending.config!.previous,
  };
  return { detail: "has the new configuration", reboots: false };
}

export async function undoConfig(context: BoxContext, pending: Pending): Promise<Outcome> {
  put(context, pending.config!.previous);
  await context.host.restartService();
  return { detail: "has the configuration from before", reboots: false };
}

/** Goes back from a confirmed configuration to the one before it, once. */
export async function rollbackConfig(context: BoxContext): Promise<Outcome> {
  const { configBefore, ...applied } = context.state.applied;
  if (configBefore === undefined) {
    throw new BoxRefused("nothing", "No configuration was pushed since the last rollback");
  }
  put(context, configBefore);
  context.state.applied = applied;
  await context.host.restartService();
  return { detail: "has the configuration from before", reboots: false };
}
