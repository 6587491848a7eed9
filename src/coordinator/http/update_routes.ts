/** Routes for the system of an appliance: `/api/system/…`. Owners only. */
import { Hono } from "hono";
import { type Upload, UPLOAD_PIECE } from "../../protocol/machine.ts";
import { type SystemState, UpdateInstall, UpdateUpload } from "../../protocol/update.ts";
import { logger } from "../../system/log.ts";
import { Refusal } from "../../system/refusal.ts";
import { type ApiContext, type ApiEnv, idParam, requireOwner } from "./api_env.ts";
import { readBody, readBytes } from "./body.ts";
import { HttpError } from "./errors.ts";

const log = logger("update");

/** The system's slots; `src/cli` gives them. What cannot be done is said by a Refusal. */
export interface SystemControl {
  state(): Promise<SystemState>;
  /** Makes room for an update file; an earlier one that was not installed goes. */
  begin(bytes: number): Promise<Upload>;
  /** Takes the piece of it that starts at `offset`. */
  piece(id: string, offset: number, piece: Uint8Array): Promise<Upload>;
  /** Checks the file that came and has it installed: `now`, or when nobody plays. */
  install(id: string, now: boolean): Promise<void>;
  /** Gives up an update that waits. */
  cancel(): Promise<void>;
  /** Goes back to the system in the other slot, at once. */
  rollback(): Promise<void>;
}

export function systemRoutes(system: SystemControl | undefined): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>();
  const control = (context: ApiContext): SystemControl => {
    requireOwner(context);
    if (system) return system;
    throw new HttpError(
      "not-found",
      "This machine is no appliance: Gamelan is updated with its packages.",
    );
  };

  routes.get("/", async (context) => context.json(await refusing(() => control(context).state())));

  routes.post("/updates", async (context) => {
    const updates = control(context);
    const { bytes } = await readBody(context.req.raw, UpdateUpload);
    return context.json(await refusing(() => updates.begin(bytes)), 201);
  });

  routes.put("/updates/:id", async (context) => {
    const updates = control(context);
    const offset = Number(context.req.query("offset"));
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new HttpError("bad-request", "expected ?offset=BYTES");
    }
    const id = idParam(context);
    const piece = await readBytes(context.req.raw, UPLOAD_PIECE);
    return context.json(await refusing(() => updates.piece(id, offset, piece)));
  });

  routes.post("/updates/:id/install", async (context) => {
    const updates = control(context);
    const { now } = await readBody(context.req.raw, UpdateInstall);
    const id = idParam(context);
    log.warn("an update is taken in", { by: requireOwner(context).id, now });
    await refusing(() => updates.install(id, now));
    // Not with its state, which takes a while to find: the box may restart at once.
    return context.json({}, 202);
  });

  routes.post("/cancel", async (context) => {
    const updates = control(context);
    await refusing(() => updates.cancel());
    return context.json(await updates.state());
  });

  routes.post("/rollback", async (context) => {
    const updates = control(context);
    log.warn("back to the system before", { by: requireOwner(context).id });
    await refusing(() => updates.rollback());
    return context.json({}, 202);
  });

  return routes;
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new HttpError("conflict", error.message);
  }
}
