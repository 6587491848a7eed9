import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import type { Capability } from "../protocol/library.ts";
import { selfTest } from "../session/self_test.ts";
import { report } from "./doctor.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { readSettings, settingsHelp } from "./settings.ts";

const help = `Usage: gamelan selftest [OPTIONS]

Plays the Test card once without a viewer and says what it saw: a game runs in its sandbox, a key
and, where the machine has them, a gamepad reach it, and its picture is encoded. An update of the
appliance is kept only if this succeeds.

  --require-gamepad   a machine without gamepads fails, as an appliance does
  --house URL         also ask this running house whether it serves its page
  --patience SECONDS  longest wait for each of these; 60
  --json              print JSON
${settingsHelp}

Examples:
  gamelan selftest
  gamelan selftest --house https://localhost:8443 --json

Exit codes: 0 all of it works, 1 something does not, 2 wrong command line, 4 wrong configuration.`;

/** `gamelan selftest` */
export async function run(args: string[]): Promise<number> {
  const { config, flags } = readSettings(args, {
    house: { type: "string" },
    patience: { type: "string" },
    "require-gamepad": { type: "boolean" },
  });
  if (flags.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const patience = Number(flags.patience ?? 60);
  if (!(patience > 0 && patience <= 3600)) {
    throw new UsageError(`--patience expects seconds from 1 to 3600, got "${flags.patience}"`);
  }
  const patienceMs = patience * 1000;
  const rows: Capability[] = [];
  if (typeof flags.house === "string") rows.push(await askHouse(flags.house, patienceMs));
  const requireGamepad = flags["require-gamepad"] === true;
  rows.push(...await selfTest({ dataDir: config.data_dir, patienceMs, requireGamepad }));
  console.log(flags.json ? JSON.stringify(rows) : report(rows));
  return rows.some((row) => row.status === "missing") ? ExitCode.failure : ExitCode.ok;
}

/** Whether a house answers with its page, by whatever certificate: it is asked on this machine. */
async function askHouse(url: string, patienceMs: number): Promise<Capability> {
  const row = { id: "house", title: "The house answers" };
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new UsageError(`--house expects an address such as https://localhost:8443, got "${url}"`);
  }
  const began = performance.now();
  let last = "";
  while (performance.now() - began < patienceMs) {
    try {
      const ready = await ask(new URL("/readyz", url));
      const page = await ask(new URL("/", url));
      if (ready.status === 200 && page.status === 200 && page.body.includes("<script")) {
        const ms = Math.round(performance.now() - began);
        return { ...row, status: "ok", evidence: `${url} serves its page, after ${ms} ms` };
      }
      last = `/readyz says ${ready.status}, the page ${page.status}`;
    } catch (error) {
      last = (error as Error).message;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  const fix = "See the log of gamelan.service.";
  return { ...row, status: "missing", evidence: `${url} does not answer: ${last}`, fix };
}

/** A GET that takes any certificate, which fetch would not. */
function ask(url: URL): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
  const get = url.protocol === "https:" ? getSecure : getPlain;
  const request = get(url, { rejectUnauthorized: false, timeout: 10_000 }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => body = (body + text).slice(0, 100_000));
    response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
    response.on("error", reject);
  });
  request.on("timeout", () => request.destroy(new Error("no answer within 10 s")));
  request.on("error", reject);
  return promise;
}
