/**
 * What network_test.ts runs in a network namespace: plays a script as a game that wants the network and
 * prints what came out, as JSON. `--kill-session`: kills the process that runs the game instead.
 */
import { launchGame } from "../../src/games/launch.ts";
import { logSettings } from "../../src/system/log.ts";
import { TinyLibrary } from "./tiny_root.ts";

logSettings.level = "error";
const [script, option, folder] = Deno.args;

if (option === "--run") {
  // The session that is going to be killed.
  const house = await TinyLibrary.create();
  await Deno.writeTextFile(folder, house.folder);
  await house.add("networked", script, { wants: ["network"] });
  await launchGame("networked", house.session("killed"));
  console.log("running");
} else if (option === "--kill-session") {
  const note = await Deno.makeTempFile();
  const self = new URL(import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", self, script, "--run", note],
    stdout: "piped",
  }).spawn();
  await child.stdout.getReader().read();
  child.kill("SIGKILL");
  await child.status;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await Deno.remove(await Deno.readTextFile(note), { recursive: true });
  await Deno.remove(note);
  console.log(JSON.stringify({ output: "", warnings: [], exit: {} }));
  Deno.exit();
} else {
  const house = await TinyLibrary.create();
  const environment = { PERL_BADLANG: "0" };
  await house.add("networked", script, { wants: ["network"], environment });
  const process = await launchGame("networked", house.session("n1"));
  const exit = await process.exited;
  const { warnings } = process;
  console.log(JSON.stringify({ output: process.tail().join("\n"), exit, warnings }));
  await house.remove();
}
