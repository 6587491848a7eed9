import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { FromSession, ToSession } from "../protocol/node.ts";
import type { SessionInfo, SessionSpec } from "../protocol/session.ts";
import { JsonLines } from "../system/json_lines.ts";
import { logSettings } from "../system/log.ts";
import type { SessionProcess } from "./session_process.ts";
import { Sessions } from "./sessions.ts";

// Crashes are what these tests are about.
logSettings.write = () => {};

const mode = { width: 1280, height: 720, fps: 60 };

function specOf(runRoot: string, id: string): SessionSpec {
  return {
    id,
    title: "Chess",
    owner: "u-1",
    ownerName: "Ada",
    sharing: "private",
    node: "box",
    gameId: "chess",
    source: { kind: "package", gameId: "chess" },
    mode,
    keyboard: { layout: "us", variant: "" },
    iceServers: [],
    iceAddresses: [],
    runDir: join(runRoot, id),
    dataDir: "/nonexistent",
    graceSeconds: 10,
    orphanSeconds: 10,
    maxBitrateMbps: 20,
    limits: { memoryMb: 1000, cpus: 0, pids: 100, scratchMb: 100 },
  };
}

function infoOf(id: string, changes: Partial<SessionInfo> = {}): SessionInfo {
  return {
    id,
    gameId: "chess",
    title: "Chess",
    node: "box",
    owner: "u-1",
    ownerName: "Ada",
    sharing: "private",
    state: "playing",
    mode,
    viewers: 1,
    startedAt: 1,
    ...changes,
  };
}

/** Test double of a session's end of its control socket. */
class SessionSocket {
  readonly received: ToSession[] = [];
  readonly #listener: Deno.UnixListener;
  readonly #connected = Promise.withResolvers<JsonLines>();
  #connection: Deno.Conn | undefined;

  constructor(runDir: string, greeting?: FromSession) {
    this.#listener = Deno.listen({ transport: "unix", path: join(runDir, "control.sock") });
    this.#accept(greeting);
  }

  async #accept(greeting: FromSession | undefined): Promise<void> {
    try {
      this.#connection = await this.#listener.accept();
    } catch {
      return;
    }
    const lines = new JsonLines(this.#connection, 100_000);
    if (greeting) lines.send(greeting);
    this.#connected.resolve(lines);
    await lines.read((value) => this.received.push(value as ToSession)).catch(() => {});
    lines.close();
  }

  async send(message: FromSession): Promise<void> {
    const lines = await this.#connected.promise;
    lines.send(message);
    await lines.flush();
  }

  async sendText(text: string): Promise<void> {
    await this.#connected.promise;
    await this.#connection!.write(new TextEncoder().encode(text));
  }

  async close(): Promise<void> {
    this.#listener.close();
    const lines = await this.#connected.promise;
    await lines.flush();
    lines.close();
  }
}

/** Test double of a `gamelan session` process: does what the test says once it is assigned. */
class StandInProcess implements SessionProcess {
  readonly exit = Promise.withResolvers<{ code: number; signal: Deno.Signal | null }>();
  readonly exited = this.exit.promise;
  readonly prepared = Promise.resolve(true);
  readonly logFile = "/nonexistent/idle.log";
  disposed = false;

  constructor(readonly onAssigned: (spec: SessionSpec) => void) {}

  assign(spec: SessionSpec): Promise<string> {
    this.onAssigned(spec);
    return Promise.resolve(`/logs/${spec.id}.log`);
  }

  dispose(): Promise<void> {
    this.disposed = true;
    return Promise.resolve();
  }

  removeLog(): void {}
}

class Bench {
  readonly runRoot = Deno.makeTempDirSync({ prefix: "gamelan-sessions-" });
  readonly updates: SessionInfo[] = [];
  readonly signals: unknown[] = [];
  readonly processes: StandInProcess[] = [];
  readonly sockets = new Map<string, SessionSocket>();
  /** What an assigned process does: by default it opens its socket. */
  assigned = (spec: SessionSpec) => {
    this.sockets.set(spec.id, new SessionSocket(spec.runDir));
  };
  readonly sessions: Sessions;

  constructor({ keepReady }: { keepReady?: boolean } = {}) {
    this.sessions = new Sessions(
      this.runRoot,
      join(this.runRoot, "no-logs"),
      {
        update: (session) => this.updates.push(session),
        signal: (sessionId, message) => this.signals.push({ sessionId, ...message }),
      },
      () => {
        const process = new StandInProcess((spec) => this.assigned(spec));
        this.processes.push(process);
        return process;
      },
      keepReady,
    );
  }

  async start(id: string): Promise<SessionSocket> {
    const spec = specOf(this.runRoot, id);
    Deno.mkdirSync(spec.runDir);
    await this.sessions.start(spec);
    return this.sockets.get(id)!;
  }

  /** The last update, once it fits. */
  async update(fits: (session: SessionInfo) => boolean): Promise<SessionInfo> {
    return await until("an update that fits", () => {
      const last = this.updates.at(-1);
      return last && fits(last) ? last : undefined;
    });
  }

  async [Symbol.asyncDispose]() {
    await this.sessions.close();
    Deno.removeSync(this.runRoot, { recursive: true });
  }
}

async function until<T>(what: string, check: () => T | undefined | false): Promise<T> {
  for (let tries = 0; tries < 1000; tries++) {
    const value = check();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`expected ${what}`);
}

Deno.test("a session's words reach the coordinator, and the coordinator's the session", async () => {
  await using bench = new Bench();
  const socket = await bench.start("s-1");
  assert.equal(bench.updates[0].state, "starting");
  assert.equal(bench.updates[0].step, "process");
  await socket.send({ type: "update", session: infoOf("s-1") });
  await bench.update(({ state }) => state === "playing");
  const bye = { type: "bye" as const, reason: "done" };
  await socket.send({ type: "signal", viewerId: "v-1", message: bye });
  await until("the signal", () => bench.signals.length === 1);
  assert.deepEqual(bench.signals, [
    { sessionId: "s-1", type: "signal", viewerId: "v-1", message: bye },
  ]);
  assert.ok(bench.sessions.send("s-1", { type: "end", reason: "enough" }));
  await until("the end", () => socket.received.length === 1);
  assert.deepEqual(socket.received, [{ type: "end", reason: "enough" }]);
  assert.equal(bench.sessions.send("s-2", { type: "end", reason: "enough" }), false);
  await socket.close();
});

Deno.test("a session that says its last word has ended; its directory is removed", async () => {
  await using bench = new Bench();
  const socket = await bench.start("s-1");
  await socket.send({ type: "update", session: infoOf("s-1", { state: "ended", reason: "done" }) });
  await socket.close();
  await until("no session", () => bench.sessions.list().length === 0);
  await until("no directory", () => !existsSync(join(bench.runRoot, "s-1")));
  assert.equal(bench.updates.at(-1)!.reason, "done");
});

Deno.test("a session that goes without a word has crashed, and its log is named", async () => {
  await using bench = new Bench();
  const socket = await bench.start("s-1");
  await socket.send({ type: "update", session: infoOf("s-1") });
  await bench.update(({ state }) => state === "playing");
  await socket.close();
  const { state, reason, viewers } = await bench.update((session) => session.state !== "playing");
  assert.deepEqual([state, viewers], ["failed", 0]);
  assert.match(reason!, /The session crashed: its process died.*\/logs\/s-1\.log/);
});

Deno.test("a process that ends before it opens its socket is a crash that says so at once", async () => {
  await using bench = new Bench();
  bench.assigned = () => bench.processes[0].exit.resolve({ code: 7, signal: null });
  await bench.start("s-1");
  const { state, reason } = bench.updates.at(-1)!;
  assert.equal(state, "failed");
  assert.match(reason!, /its process ended with code 7/);
});

Deno.test("none is kept ready where that is not wanted, and sessions start all the same", async () => {
  await using bench = new Bench({ keepReady: false });
  assert.equal(await bench.sessions.prepare(), false);
  assert.equal(bench.processes.length, 0);
  const socket = await bench.start("s-1");
  assert.equal(bench.processes.length, 1);
  await socket.send({ type: "update", session: infoOf("s-1") });
  await until("it plays", () => bench.sessions.list()[0]?.state === "playing");
  await socket.close();
  await until("no session", () => bench.sessions.list().length === 0);
  assert.equal(await bench.sessions.prepare(), false);
  assert.equal(bench.processes.length, 1);
});

Deno.test("one process is kept ready, is replaced when it dies, and goes with the agent", async () => {
  const bench = new Bench();
  {
    await using _ = bench;
    bench.sessions.prepare();
    bench.sessions.prepare();
    assert.equal(bench.processes.length, 1);
    bench.processes[0].exit.resolve({ code: 1, signal: null });
    await until("another process", () => bench.processes.length === 2);
    const socket = await bench.start("s-1");
    // The one that was ready became the session, and once that has had its start comes the next.
    await until("the next process", () => bench.processes.length === 3);
    await socket.send({ type: "update", session: infoOf("s-1", { state: "ended" }) });
    await socket.close();
    await until("no session", () => bench.sessions.list().length === 0);
  }
  assert.deepEqual(bench.processes.map(({ disposed }) => disposed), [false, false, true]);
});

Deno.test("sessions that run are adopted; what dead ones left is removed", async () => {
  await using bench = new Bench();
  for (const id of ["s-1", "s-2"]) Deno.mkdirSync(join(bench.runRoot, id));
  const living = new SessionSocket(join(bench.runRoot, "s-1"), {
    type: "update",
    session: infoOf("s-1"),
  });
  Deno.writeTextFileSync(join(bench.runRoot, "s-2", "game.log"), "");
  await bench.sessions.adopt();
  assert.deepEqual(bench.sessions.list().map(({ id, state }) => [id, state]), [["s-1", "playing"]]);
  assert.deepEqual(bench.updates.map(({ id }) => id), ["s-1"]);
  assert.ok(!existsSync(join(bench.runRoot, "s-2")));
  await living.send({ type: "update", session: infoOf("s-1", { viewers: 3 }) });
  await bench.update(({ viewers }) => viewers === 3);
  await living.close();
  await bench.update(({ state }) => state === "failed");
});

Deno.test("a session that does not answer keeps nobody from starting, and is left alone", async () => {
  await using bench = new Bench();
  Deno.mkdirSync(join(bench.runRoot, "s-1"));
  const silent = new SessionSocket(join(bench.runRoot, "s-1"));
  await bench.sessions.adopt(20);
  assert.deepEqual(bench.sessions.list(), []);
  assert.ok(existsSync(join(bench.runRoot, "s-1")));
  await silent.close();
});

Deno.test("messages of no known form are left out; what is no message ends the connection", async () => {
  await using bench = new Bench();
  const socket = await bench.start("s-1");
  await socket.sendText('{"type":"update","session":{"id":"../../etc"}}\n{"type":"reboot"}\n');
  await socket.send({ type: "update", session: infoOf("s-1") });
  await bench.update(({ state }) => state === "playing");
  await socket.sendText("\u0000\u0001 nonsense\n");
  await bench.update(({ state }) => state === "failed");
  await socket.close();
});

Deno.test("ending all waits for the last one, but not for ever", async () => {
  await using bench = new Bench();
  const socket = await bench.start("s-1");
  const stubborn = bench.sessions.endAll("stopped", 50);
  await until("the end", () => socket.received.length === 1);
  await stubborn;
  assert.equal(bench.sessions.list().length, 1);
  const ended = bench.sessions.endAll("stopped", 60_000);
  await socket.send({ type: "update", session: infoOf("s-1", { state: "ended" }) });
  await socket.close();
  await ended;
  assert.equal(bench.sessions.list().length, 0);
});
