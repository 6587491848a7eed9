import { randomUUID } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { parseArgs } from "node:util";
import { launchGame } from "../games/launch.ts";
import { GameLibrary } from "../games/library.ts";
import { GameWant } from "../protocol/library.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";
import { dataConfig, dataOptions } from "./settings.ts";

const help = `Usage: gamelan games import SOURCE [OPTIONS]
       gamelan games list | info ID | verify [ID] | remove ID | sign ID --key FILE | run ID

The library of games.

  import SOURCE       deb:NAME (a Debian package with what it needs), or the path of an AppImage,
                      a folder, an archive (.tar.gz, .tar.xz, .tar.zst, .zip) or a package (.erofs)
  list                all games
  info ID             one game, with its manifest
  verify [ID]         read packages again and compare them with what was imported
  remove ID           remove a game; its saves stay
  sign ID             sign a package with an ed25519 key: writes ID.erofs.sig beside it
  run ID              start a game in its sandbox on this desktop, for developers

Options:
  --data-dir DIR      library and saves (data_dir)
  --config FILE       configuration file
  --json              print JSON
  --id ID             import: name in the library
  --title TEXT        import: title
  --command WORDS     import: how to start it, such as "./start.sh --fullscreen"
  --wants LIST        import: network, gpu, x11, evdev; comma separated
  --players N         import: how many can play together
  --save PATH         import: folder below the home that is kept; may be given again. Default: all
  --key FILE          sign: private key in PEM (openssl genpkey -algorithm ed25519)

Examples:
  gamelan games import deb:supertux
  gamelan games import ./mygame --command ./start.sh --save .local/share/mygame
  gamelan games list --json
  gamelan games verify supertux

Exit codes: 0 done, 1 failed or a package is damaged, 2 wrong command line, 4 wrong configuration.`;

/** `gamelan games` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...dataOptions,
      "id": { type: "string" },
      "title": { type: "string" },
      "command": { type: "string" },
      "wants": { type: "string" },
      "players": { type: "string" },
      "save": { type: "string", multiple: true },
      "key": { type: "string" },
    },
  });
  if (values.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const config = dataConfig(values);
  const library = new GameLibrary({
    dataDir: config.data_dir,
    trustedKeys: config.library.trusted_keys,
  });
  const [action, subject, ...rest] = positionals;
  const id = () => {
    if (subject === undefined) throw new UsageError(`games ${action} expects the id of a game`);
    return subject;
  };
  if (rest.length > 0) throw new UsageError(`expected nothing after "${subject}", got "${rest}"`);
  switch (action) {
    case "import":
      return await importGame(library, subject, values);
    case "list":
      return await list(library, values.json ?? false);
    case "info":
      console.log(JSON.stringify(
        {
          ...await library.info(id()),
          manifest: (await library.find(id())).manifest,
        },
        undefined,
        2,
      ));
      return ExitCode.ok;
    case "verify":
      return await verify(library, subject, values.json ?? false);
    case "remove":
      await library.remove(id());
      return ExitCode.ok;
    case "sign":
      if (values.key === undefined) throw new UsageError("games sign expects --key FILE");
      await library.sign(id(), await Deno.readTextFile(values.key));
      console.log(join(library.folders.games, `${id()}.erofs.sig`));
      return ExitCode.ok;
    case "run":
      return await runHere(config.data_dir, id());
    default:
      throw new UsageError(
        `expected import, list, info, verify, remove, sign or run, got "${action ?? ""}"`,
      );
  }
}

interface ImportFlags {
  id?: string;
  title?: string;
  command?: string;
  wants?: string;
  players?: string;
  save?: string[];
  json?: boolean;
}

async function importGame(library: GameLibrary, source: string | undefined, flags: ImportFlags) {
  if (source === undefined) throw new UsageError("games import expects a source, such as deb:NAME");
  const interrupt = new AbortController();
  const stop = () => interrupt.abort(new Error("Interrupted; a later import goes on from here"));
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  const terminal = Deno.stderr.isTerminal();
  let last = "";
  try {
    const info = await library.import(source, {
      id: flags.id,
      title: flags.title,
      command: flags.command?.split(/\s+/).filter((word) => word !== ""),
      wants: flags.wants?.split(",").map(want),
      players: flags.players === undefined ? undefined : Number(flags.players),
      saves: flags.save?.map((path, index) => ({ name: `save-${index + 1}`, path })),
      signal: interrupt.signal,
      onProgress: (step, fraction) => {
        const line = `${String(Math.round(fraction * 100)).padStart(3)} %  ${step}`;
        // Without a terminal, numbers that run would fill a log.
        const changed = line.replaceAll(/\d+/g, "");
        if (terminal) Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${line}`));
        else if (changed !== last) console.error(line);
        last = changed;
      },
    });
    if (terminal) Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[K"));
    console.log(flags.json ? JSON.stringify(info) : `Imported ${info.title} as ${info.id}`);
    return ExitCode.ok;
  } finally {
    if (terminal) Deno.stderr.writeSync(new TextEncoder().encode("\r\x1b[K"));
    Deno.removeSignalListener("SIGINT", stop);
    Deno.removeSignalListener("SIGTERM", stop);
  }
}

function want(text: string): GameWant {
  const known = GameWant.safeParse(text);
  if (known.success) return known.data;
  throw new UsageError(`--wants expects ${GameWant.options.join(", ")}, got "${text}"`);
}

async function list(library: GameLibrary, json: boolean): Promise<number> {
  const games = await library.list();
  if (json) {
    console.log(JSON.stringify(games, undefined, 2));
    return ExitCode.ok;
  }
  if (games.length === 0) console.log("No games yet; try: gamelan games import deb:chromium-bsu");
  for (const game of games) {
    const size = `${(game.bytes / 1e6).toFixed(1)} MB`;
    console.log(
      [game.id.padEnd(24), size.padStart(10), game.version.padEnd(20), game.title].join("  "),
    );
  }
  return ExitCode.ok;
}

async function verify(library: GameLibrary, id: string | undefined, json: boolean) {
  const ids = id === undefined ? (await library.ids()) : [id];
  const results = [];
  for (const one of ids) {
    const problem = await library.verify(one).then(() => undefined, (error) => error.message);
    results.push({ id: one, ok: problem === undefined, problem });
    if (!json) console.log(`${one}: ${problem ?? "ok"}`);
  }
  if (json) console.log(JSON.stringify(results, undefined, 2));
  return results.every((result) => result.ok) ? ExitCode.ok : ExitCode.failure;
}

/** Plays on the desktop that the command was typed on. */
async function runHere(dataDir: string, id: string): Promise<number> {
  const env = Deno.env.toObject();
  const folder = env.XDG_RUNTIME_DIR ?? "/run";
  const wayland = env.WAYLAND_DISPLAY === undefined || isAbsolute(env.WAYLAND_DISPLAY)
    ? env.WAYLAND_DISPLAY
    : join(folder, env.WAYLAND_DISPLAY);
  if (wayland === undefined && env.DISPLAY === undefined) {
    throw new Error("There is no desktop here: WAYLAND_DISPLAY and DISPLAY are not set");
  }
  const pulse = join(folder, "pulse/native");
  const sound = await Deno.stat(pulse).then(
    () => ({ env: { PULSE_SERVER: `unix:${pulse}` }, sockets: [pulse] }),
    () => ({ env: {}, sockets: [] }),
  );
  const runDir = await mkdtemp(join(tmpdir(), "gamelan-run-"));
  const game = await launchGame(id, {
    sessionId: `run-${randomUUID()}`,
    user: "local",
    waylandDisplay: wayland,
    x11Display: env.DISPLAY,
    xauthority: env.XAUTHORITY,
    sound,
    mode: { width: 1280, height: 720, fps: 60 },
    runDir,
    dataDir,
  });
  const stop = () => game.terminate();
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  try {
    const exit = await game.exited;
    for (const line of game.tail()) console.error(line);
    if (exit.outOfMemory) console.error("The game was ended: it needed more memory than allowed");
    return exit.code ?? ExitCode.failure;
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
    Deno.removeSignalListener("SIGTERM", stop);
    await Deno.remove(runDir, { recursive: true });
  }
}
