/** Boots of Gamelan's image and of plain Debian, from switching on to the moment one can use them. */
import { join } from "node:path";
import { Machine } from "../../image/machine.ts";

/** A try may take this long; the next one does not wait for it. */
const TRY_MS = 3_000;
const EVERY_MS = 200;
const LIMIT_MS = 900_000;
/** To come in by SSH costs the machine time, so nobody does while it is measured. */
const ALONE_MS = 45_000;
/** After the start is over, before memory is looked at. */
const SETTLE_MS = 30_000;
const PREPARED = "a session is prepared";

/** Both machines are the same. */
const HARDWARE = { processors: 2, memoryMiB: 2048 };

export interface GamelanBoot {
  /** The house says over HTTP that it is ready, ms. */
  readyMs: number;
  /** A session's process waits with its code loaded, so that Play starts at once. */
  preparedMs: number;
  /** The later of both. */
  playMs: number;
  /** What programs take, without the cache, MiB. */
  idleMemoryMiB: number;
}

export interface PlainBoot {
  /** sshd says what it is, ms. */
  greetingMs: number;
  /** It lets its owner in. */
  sshMs: number;
  idleMemoryMiB: number;
}

/** Boots Gamelan's image on a new disk. `artifacts`: where its logs are kept. */
export async function bootGamelan(
  image: string,
  key: string,
  artifacts: string,
): Promise<GamelanBoot> {
  await using machine = await Machine.start(
    { image, name: "bench-gamelan", key, ...HARDWARE },
    artifacts,
  );
  const readyMs = await firstSuccess(machine, (signal) => saysReady(machine.ports.http, signal));
  const preparedMs = await preparedAt(machine);
  await keepAnalysis(machine, join(artifacts, "bench-gamelan-start.txt"));
  const idleMemoryMiB = await idleMemory(machine);
  return { readyMs, preparedMs, playMs: Math.max(readyMs, preparedMs), idleMemoryMiB };
}

/** Boots plain Debian on a new disk, with cloud-init's `seed`. */
export async function bootPlain(
  image: string,
  { key, seed }: { key: string; seed: string },
  artifacts: string,
): Promise<PlainBoot> {
  await using machine = await Machine.start({
    image,
    name: "bench-plain",
    key,
    keyElsewhere: true,
    drives: { seed },
    ...HARDWARE,
  }, artifacts);
  const greetingMs = await firstSuccess(machine, (signal) => greets(machine.ports.ssh, signal));
  const sshMs = await machine.sshReady(LIMIT_MS);
  await keepAnalysis(machine, join(artifacts, "bench-plain-start.txt"));
  return { greetingMs, sshMs, idleMemoryMiB: await idleMemory(machine) };
}

/**
 * Tries again and again, without waiting for tries that hang because nobody is there yet. Gives when,
 * since the machine's start, the first one succeeded.
 */
async function firstSuccess(
  machine: Machine,
  attempt: (signal: AbortSignal) => Promise<boolean>,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let done = false;
  promise.then(() => done = true);
  const deadline = machine.started + LIMIT_MS;
  while (!done) {
    if (performance.now() > deadline) {
      throw new Error(`no answer of ${machine.options.name} within ${LIMIT_MS} ms`);
    }
    attempt(AbortSignal.timeout(TRY_MS)).then(
      (success) => success && resolve(machine.uptimeMs),
      () => {},
    );
    await Promise.race([promise, new Promise((next) => setTimeout(next, EVERY_MS))]);
  }
  return await promise;
}

async function saysReady(port: number, signal: AbortSignal): Promise<boolean> {
  const response = await fetch(`http://localhost:${port}/readyz`, { signal });
  return await response.text() === "ready\n";
}

/** Whether an SSH server's identification comes, RFC 4253, 4.2. */
async function greets(port: number, signal: AbortSignal): Promise<boolean> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port, signal });
  const close = () => connection.close();
  signal.addEventListener("abort", close, { once: true });
  const buffer = new Uint8Array(64);
  const length = await connection.read(buffer) ?? 0;
  signal.removeEventListener("abort", close);
  return new TextDecoder().decode(buffer.subarray(0, length)).startsWith("SSH-2.0-");
}

/** When, since its start, the machine's spare session was prepared: its log says so by its own clock. */
async function preparedAt(machine: Machine): Promise<number> {
  const deadline = machine.started + LIMIT_MS;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, ALONE_MS));
    await machine.sshReady(LIMIT_MS);
    const { stdout } = await machine.ssh("journalctl -u gamelan.service -o cat --no-pager");
    const line = stdout.split("\n").find((one) => one.includes(`"${PREPARED}"`));
    if (line) return Date.parse(JSON.parse(line).time) - await clockAtStart(machine);
    if (performance.now() > deadline) {
      throw new Error(`no session was prepared within ${LIMIT_MS} ms; its log:\n${stdout}`);
    }
  }
}

/** What the machine's clock would have said when it was switched on, ms since 1970. */
async function clockAtStart(machine: Machine): Promise<number> {
  // Answers on one connection take some ms; the quickest of them is the most exact.
  const asked = await machine.conversation(
    'while read -r _; do printf "%s\\n" "$EPOCHREALTIME"; done',
    10,
  );
  const { sentAt, cameAt, line } = asked.reduce((best, one) =>
    one.cameAt - one.sentAt < best.cameAt - best.sentAt ? one : best
  );
  return Number(line) * 1000 - ((sentAt + cameAt) / 2 - machine.started);
}

async function keepAnalysis(machine: Machine, path: string): Promise<void> {
  const text = await machine.ssh(
    "until systemctl is-system-running --wait >/dev/null; [ $? != 127 ]; do sleep 1; done; " +
      "systemd-analyze time; systemd-analyze critical-chain --no-pager; " +
      "systemd-analyze blame --no-pager; systemctl --failed --no-pager",
  );
  await Deno.writeTextFile(path, text.stdout + text.stderr);
}

async function idleMemory(machine: Machine): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const memory = await machine.output("cat /proc/meminfo");
  const mib = (key: string) => Number(memory.match(new RegExp(`^${key}: +(\\d+)`, "m"))![1]) / 1024;
  const cache = mib("Buffers") + mib("Cached") + mib("SReclaimable");
  return Math.round(mib("MemTotal") - mib("MemFree") - cache);
}
