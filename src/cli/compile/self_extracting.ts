import { createHash } from "node:crypto";
import { join } from "node:path";

/**
 * The head of the executable: a shell script that unpacks what follows it, once for each build, and
 * runs it. The folder is made under another name first, so that two first starts at the same time,
 * or a full disk, leave no half of it behind. What other builds have left there is removed unless it
 * runs.
 *
 * What lies there is run, so it must be nobody else's: not what somebody put there before, and not a
 * user's own when it is root that runs it.
 *
 * Deno's code cache goes there too, and a deno.json or package.json of the folder above means nothing.
 */
const head = (build: string, offset: string) =>
  `#!/bin/sh
set -e
if [ "$(id -u)" = 0 ] && [ -z "$XDG_CACHE_HOME" ]; then cache=/var/cache/gamelan; else
  cache=\${XDG_CACHE_HOME:-$HOME/.cache}/gamelan
fi
dir=$cache/build-${build}
if [ ! -e "$dir/main.js" ]; then
  echo "gamelan: unpacking to $dir, once for this version" >&2
  mkdir -p -m 755 "$cache" && new=$(mktemp -d "$cache/.new.XXXXXX") || {
    echo "gamelan: expected a folder to unpack to; set XDG_CACHE_HOME to one" >&2
    exit 1
  }
  trap 'rm -rf "$new"' EXIT
  tail -c +${offset} "$0" | tar -xzf - -C "$new"
  chmod 755 "$new"
  mv -T "$new" "$dir" 2>/dev/null || [ -e "$dir/main.js" ]
  rm -rf "$new"
  trap - EXIT
  for old in "$cache"/build-*; do
    [ "$old" = "$dir" ] || readlink /proc/[0-9]*/exe 2>/dev/null | grep -qxF "$old/deno" || rm -rf "$old"
  done
fi
for owner in $(stat -L -c %u "$cache" "$dir"); do
  [ "$owner" = 0 ] || [ "$owner" = "$(id -u)" ] || {
    echo "gamelan: expected $dir to belong to this user; set XDG_CACHE_HOME to another folder" >&2
    exit 1
  }
done
export DENO_DIR="\${DENO_DIR:-$cache/deno}" DENO_NO_PACKAGE_JSON=1 DENO_NO_UPDATE_CHECK=1
exec "$dir/deno" run -A --no-prompt --no-config --no-lock "$dir/main.js" "$@"
`;

const OFFSET_DIGITS = 8;

/**
 * Adds this Deno to a bundle and writes both as one executable file to `output`. Takes gzip and tar
 * from the system.
 */
export async function makeSelfExtracting(folder: string, output: string): Promise<void> {
  await Deno.copyFile(Deno.execPath(), join(folder, "deno"));
  await Deno.chmod(join(folder, "deno"), 0o755);
  const payload = await pack(folder);
  const build = createHash("sha256").update(payload).digest("hex").slice(0, 16);
  const length = new TextEncoder().encode(head(build, "0".repeat(OFFSET_DIGITS))).length;
  const offset = String(length + 1).padStart(OFFSET_DIGITS, "0");
  const next = output + ".new";
  await Deno.writeFile(next, new TextEncoder().encode(head(build, offset)));
  await Deno.writeFile(next, payload, { append: true });
  await Deno.chmod(next, 0o755);
  await Deno.rename(next, output);
}

async function pack(folder: string): Promise<Uint8Array> {
  const { code, stdout, stderr } = await new Deno.Command("tar", {
    args: [
      // Names, owners, rights and times are fixed, so that the same inputs give the same file.
      "--sort=name",
      "--mtime=@0",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      // Games run as users of their own and read the Test card in it.
      "--mode=u+rwX,go=rX",
      "--use-compress-program=gzip -n -6",
      "-C",
      folder,
      "-cf",
      "-",
      ".",
    ],
  }).output();
  if (code !== 0) throw new Error(`tar failed: ${new TextDecoder().decode(stderr)}`);
  return stdout;
}
