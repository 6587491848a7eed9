import assert from "node:assert/strict";
import { join } from "node:path";
import { Refusal } from "../system/refusal.ts";
import { HouseUpdates } from "./house_updates.ts";

const status = {
  name: "box",
  product: "gamelan",
  architecture: "amd64",
  version: "0.2.0",
  slots: {
    current: { name: "b", version: "0.2.0", blessed: true },
    other: { name: "a", version: "0.1.0", blessed: true },
  },
  health: { service: "running", crashes: 0, sessions: 0 },
  freeBytes: 1,
  clock: "2026-01-01T00:00:00.000Z",
  lastUpdate: {
    version: "0.3.0",
    outcome: "taken-back",
    detail: "0.3.0 was tried three times and taken back: no picture",
    at: "2026-01-01T00:00:00.000Z",
  },
  restart: { version: "0.4.0", restartAt: "2026-01-01T00:01:30.000Z" },
  ownUpdate: { id: "bundle-0123456789abcdef", version: "0.4.0", when: "idle", phase: "waiting" },
};

/** A test double of the command: remembers what it was asked, and what was in the file then. */
class Command {
  ran: string[] = [];
  content = "";
  code = 0;

  run = async (args: string[]) => {
    this.ran.push(args.map((arg) => arg.replace(/.*\//, "")).join(" "));
    if (args[0] === "--hand-over") this.content = await Deno.readTextFile(args.at(-1)!);
    const out = args[0] === "--status" ? JSON.stringify(status) : "";
    return { code: this.code, out, said: "gamelan update: The bundle is signed by the key x" };
  };
}

async function withUpdates(test: (updates: HouseUpdates, command: Command) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-updates-" });
  const command = new Command();
  try {
    await test(new HouseUpdates(folder, command.run), command);
    const left = await Deno.stat(join(folder, "box/upload.gamelan-update")).catch(() => undefined);
    assert.equal(left, undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("an update that comes in pieces is handed over whole, and its file does not stay", () =>
  withUpdates(async (updates, command) => {
    const { id } = await updates.begin(10);
    await updates.piece(id, 0, bytes("hello "));
    await assert.rejects(updates.piece(id, 0, bytes("again")), /Expected the piece at 6/);
    await assert.rejects(updates.install(id, false), /6 of 10 bytes/);
    await assert.rejects(updates.piece(id, 6, bytes("world")), /Expected 10 bytes in all/);
    assert.deepEqual(await updates.piece(id, 6, bytes("bird")), { id, bytes: 10, received: 10 });
    await updates.install(id, true);
    assert.deepEqual(command.ran, ["--hand-over --now upload.gamelan-update"]);
    assert.equal(command.content, "hello bird");
    await assert.rejects(updates.install(id, true), /not there any more/);
  }));

Deno.test("why an update is refused reaches the page", () =>
  withUpdates(async (updates, command) => {
    const { id } = await updates.begin(4);
    await updates.piece(id, 0, bytes("evil"));
    command.code = 1;
    await assert.rejects(
      updates.install(id, false),
      (error) => error instanceof Refusal && error.message === "The bundle is signed by the key x",
    );
  }));

Deno.test("an update that the disk cannot hold is refused before it is sent", () =>
  withUpdates(async (updates) => {
    await assert.rejects(updates.begin(2 ** 50), /needs \d+ MB on the disk; \d+ MB are free/);
  }));

Deno.test("the page sees slots, what waits, and what became of the last one", () =>
  withUpdates(async (updates) => {
    assert.deepEqual(await updates.state(), {
      version: "0.2.0",
      trial: false,
      other: { version: "0.1.0", proven: true },
      update: {
        version: "0.4.0",
        phase: "waiting",
        installed: false,
        reason: null,
      },
      restart: { version: "0.4.0", inMs: 90_000 },
      last: { ...status.lastUpdate, at: Date.UTC(2026, 0, 1) },
      failure: null,
    });
  }));
