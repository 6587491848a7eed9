/** Routes for the machine itself: network, SSH keys, factory reset, backup. Owners only. */
import { Hono } from "hono";
import {
  BackupRequest,
  ERASE_WORD,
  FactoryReset,
  NewSshKey,
  RestoreRequest,
  SshKeyGone,
  UPLOAD_PIECE,
  UploadRequest,
  WifiConnect,
  WifiForget,
  WiredChange,
  WiredKeep,
} from "../../protocol/machine.ts";
import { logger } from "../../system/log.ts";
import { Refusal } from "../../system/refusal.ts";
import { attempt } from "../accounts/limits.ts";
import type { Accounts } from "../accounts/accounts.ts";
import { type ApiContext, type ApiEnv, idParam, requireOwner } from "./api_env.ts";
import { readBody, readBytes } from "./body.ts";
import { HttpError } from "./errors.ts";
import type { ApplianceControl, BackupControl } from "./machine.ts";

const log = logger("machine");

export interface OwnerParts {
  accounts: Accounts;
  houseName: string;
  /** Absent where the machine is more than a house. */
  appliance?: ApplianceControl;
  /** Absent in a coordinator without a node. */
  backups?: BackupControl;
}

/** Network, SSH keys and factory reset: `/api/machine/…`. */
export function machineRoutes({ accounts, appliance }: OwnerParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>();
  const machine = (context: ApiContext): ApplianceControl => {
    requireOwner(context);
    if (appliance) return appliance;
    throw new HttpError(
      "not-found",
      "This machine is no appliance: its network and keys are set by its own means.",
    );
  };

  routes.get("/network", async (context) => context.json(await machine(context).network()));

  routes.post("/wifi/scan", async (context) => {
    await refusing(() => machine(context).scanWifi());
    return context.json({});
  });

  routes.post("/wifi/connect", async (context) => {
    const control = machine(context);
    const { ssid, passphrase } = await readBody(context.req.raw, WifiConnect);
    await refusing(() => control.connectWifi(ssid, passphrase));
    return context.json(await control.network());
  });

  routes.post("/wifi/forget", async (context) => {
    const control = machine(context);
    const { ssid, security } = await readBody(context.req.raw, WifiForget);
    await refusing(() => control.forgetWifi(ssid, security));
    return context.json(await control.network());
  });

  routes.post("/wired", async (context) => {
    const control = machine(context);
    const { name, setting } = await readBody(context.req.raw, WiredChange);
    return context.json(await refusing(() => control.changeWired(name, setting)));
  });

  // At its new address the page is not signed in: the token says who it is.
  routes.post("/wired/keep", async (context) => {
    const { token } = await readBody(context.req.raw, WiredKeep);
    const counted = await attempt(accounts.store, "join", context.env.visit.peer);
    if (!appliance?.keepWired(token)) {
      throw new HttpError("not-found", "This change was taken back already. Make it again.");
    }
    await counted.succeeded();
    return context.json({});
  });

  routes.get("/ssh-keys", (context) => context.json({ keys: machine(context).sshKeys() }));

  routes.post("/ssh-keys", async (context) => {
    const control = machine(context);
    const { key } = await readBody(context.req.raw, NewSshKey);
    const added = await refusing(() => Promise.resolve(control.addSshKey(key)));
    log.info("an SSH key was added", { fingerprint: added.fingerprint });
    return context.json({ keys: control.sshKeys() });
  });

  routes.delete("/ssh-keys", async (context) => {
    const control = machine(context);
    const { fingerprint } = await readBody(context.req.raw, SshKeyGone);
    if (!control.removeSshKey(fingerprint)) {
      throw new HttpError("not-found", "There is no such key.");
    }
    log.info("an SSH key was removed", { fingerprint });
    return context.json({ keys: control.sshKeys() });
  });

  routes.post("/factory-reset", async (context) => {
    const control = machine(context);
    const { password, word } = await readBody(context.req.raw, FactoryReset);
    if (word.trim().toLowerCase() !== ERASE_WORD) {
      throw new HttpError("bad-request", `Type the word ${ERASE_WORD} to erase this box.`);
    }
    await accounts.confirm(requireOwner(context), password, context.env.visit.peer);
    log.warn("factory reset", { by: requireOwner(context).id });
    await refusing(() => control.factoryReset());
    return context.json({}, 202);
  });

  return routes;
}

/** Backups to fetch: `/api/backups/…`. */
export function backupRoutes({ accounts, backups, houseName }: OwnerParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>();

  routes.post("/", async (context) => {
    const user = requireOwner(context);
    const { password, parts } = await readBody(context.req.raw, BackupRequest);
    await accounts.confirm(user, password, context.env.visit.peer);
    log.info("a backup is packed", { by: user.id, parts });
    return context.json(await refusing(() => Promise.resolve(present(backups).start(parts))), 202);
  });

  routes.get("/:id", (context) => {
    requireOwner(context);
    return context.json(found(present(backups).job(idParam(context))));
  });

  routes.get("/:id/file", async (context) => {
    requireOwner(context);
    const { bytes, body } = found(await present(backups).open(idParam(context)));
    const name = houseName.replaceAll(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || "house";
    const day = new Date().toISOString().slice(0, 10);
    return new Response(body, {
      headers: {
        "content-type": "application/octet-stream",
        "content-length": String(bytes),
        "content-disposition": `attachment; filename="${name}-${day}.gamelan"`,
      },
    });
  });

  return routes;
}

/** Backups to bring back: `/api/restores/…`. */
export function restoreRoutes({ accounts, backups }: OwnerParts): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>();

  routes.post("/", async (context) => {
    const user = requireOwner(context);
    const { password, bytes } = await readBody(context.req.raw, UploadRequest);
    await accounts.confirm(user, password, context.env.visit.peer);
    return context.json(await refusing(() => present(backups).begin(bytes)), 201);
  });

  routes.get("/", (context) => {
    requireOwner(context);
    const { run, failure } = present(backups);
    return context.json({ run, failure: failure ?? null });
  });

  routes.put("/:id", async (context) => {
    requireOwner(context);
    const offset = Number(context.req.query("offset"));
    if (!Number.isSafeInteger(offset) || offset < 0) {
      throw new HttpError("bad-request", "expected ?offset=BYTES");
    }
    const id = idParam(context);
    // Looked at first: nobody sends a megabyte to an upload that is not there.
    found(present(backups).upload(id));
    const piece = await readBytes(context.req.raw, UPLOAD_PIECE);
    return context.json(await refusing(() => present(backups).piece(id, offset, piece)));
  });

  routes.get("/:id", async (context) => {
    requireOwner(context);
    const id = idParam(context);
    found(present(backups).upload(id));
    return context.json(await refusing(() => present(backups).content(id)));
  });

  routes.post("/:id/start", async (context) => {
    const user = requireOwner(context);
    const { parts } = await readBody(context.req.raw, RestoreRequest);
    const id = idParam(context);
    found(present(backups).upload(id));
    log.warn("a backup is restored", { by: user.id, parts });
    const seconds = await refusing(() => present(backups).restore(id, parts));
    return context.json({ seconds }, 202);
  });

  return routes;
}

function present(backups: BackupControl | undefined): BackupControl {
  if (backups) return backups;
  throw new HttpError(
    "not-found",
    "This coordinator has no data of games: back it up with gamelan backup.",
  );
}

function found<T>(value: T | undefined): T {
  if (value !== undefined) return value;
  throw new HttpError("not-found", "It is not there any more. Start again.");
}

async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new HttpError("conflict", error.message);
  }
}
