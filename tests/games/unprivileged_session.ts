/**
 * What unprivileged_test.ts runs as a user without rights: plays games and prints what came out, as
 * JSON.
 */
import { join } from "node:path";
import { launchGame } from "../../src/games/launch.ts";
import { probeSandbox } from "../../src/games/probe.ts";
import { logSettings } from "../../src/system/log.ts";
import { TinyLibrary } from "./tiny_root.ts";

logSettings.level = "error";
const house = await TinyLibrary.create();
let session = 0;

async function play(id: string, limits = {}) {
  const process = await launchGame(id, house.session(`u${++session}`), { limits });
  const exit = await process.exited;
  return { exit, output: process.tail().join("\n"), warnings: process.warnings };
}

const environment = { PERL_BADLANG: "0" };
await house.add(
  "saver",
  `cat /home/player/progress/level /home/player/rubbish
   echo level 8 > /home/player/progress/level; echo x > /home/player/rubbish; echo changed > /play
   id -u; grep -E "CapEff|Seccomp:" /proc/self/status; ls /root /tmp; cat ${house.folder}/secret`,
);
await Deno.writeTextFile(`${house.folder}/secret`, "the user's secret");
await house.add("hog", `exec perl -e '$x .= "y" x 1048576 while 1'`, { environment });
await house.add(
  "bomb",
  `perl -e 'for (1..200) { my $p = fork; last if !defined $p; if (!$p) { sleep 1; exit } $n++ }
    print "forked $n\\n"'`,
  { environment },
);
// An archive whose folders nobody may enter must not block the library.
const locked = join(house.folder, "locked");
await Deno.mkdir(join(locked, "inner/deeper"), { recursive: true });
await Deno.chmod(join(locked, "inner"), 0o000);
const lockedImport = await house.library.import(locked, { runtime: "none", command: ["/x"] })
  .then(() => "imported", (error) => error.message);
await Deno.chmod(join(locked, "inner"), 0o700);
await Deno.chmod(join(locked, "inner/deeper"), 0o500);
await Deno.writeTextFile(join(locked, "inner/file"), "");
await Deno.chmod(join(locked, "inner"), 0o500);
await house.library.import(locked, { runtime: "none", command: ["/x"] });
await Deno.chmod(join(locked, "inner"), 0o700);
await house.add("after", "echo after");
await house.add("online", "cat /proc/net/dev /etc/resolv.conf", { wants: ["network"] });

const result = {
  lockedImport,
  after: await play("after"),
  uid: Deno.uid(),
  online: await play("online"),
  first: await play("saver"),
  second: await play("saver"),
  hog: await play("hog", { memoryBytes: 96 * 1024 * 1024 }),
  bomb: await play("bomb", { processes: 40 }),
  mounts: await Deno.readTextFile("/proc/self/mounts"),
  capabilities: await probeSandbox(),
};
await house.remove();
console.log(JSON.stringify(result));
