/**
 * Test double of Debian's package tools: dpkg-query, dpkg-deb, apt-cache, apt-get and sudo as shell scripts in a
 * folder that goes first in PATH. What is installed, offered and in conflict are lines of files.
 */
import { join } from "node:path";

const scripts: Record<string, string> = {
  // dpkg-query --show --showformat=… NAME…
  "dpkg-query": `
for name; do
  grep -qx "$name" "$state/installed" && echo "$name:amd64 installed"
done
exit 1`,
  // apt-cache policy NAME…
  "apt-cache": `
shift
for name; do
  grep -qx "$name" "$state/known" || continue
  grep -qx "$name" "$state/offered" && candidate=1.0-1 || candidate="(none)"
  printf '%s:\\n  Installed: (none)\\n  Candidate: %s\\n  Version table:\\n' "$name" "$candidate"
done`,
  "apt-get": `
echo "apt-get $*" >> "$state/log"
for word; do
  case $word in
    update) cp "$state/mirror" "$state/offered"; cp "$state/mirror" "$state/known"; exit 0 ;;
    --simulate) simulate=1 ;;
    download) shift; : > "$1_1.0-1_all.deb"; exit 0 ;;
    -*|install|*=*) ;;
    *) names="$names $word" ;;
  esac
done
if [ -z "$simulate" ] && [ -s "$state/locked" ]; then
  head -n 1 "$state/locked" >&2
  sed -i 1d "$state/locked"
  exit 100
fi
for name in $names; do
  if grep -qx "$name" "$state/conflicting"; then
    echo "E: Packages need to be removed but remove is disabled." >&2
    exit 100
  fi
  [ -z "$simulate" ] && grep -qx "$name" "$state/stale" && { : > "$state/stale"; echo "E: 404 Not Found" >&2; exit 100; }
done
[ -n "$simulate" ] && exit 0
for name in $names; do
  echo "pmstatus:$name:50:Unpacking $name"
  echo "$name" >> "$state/installed"
done
exit 0`,
  // dpkg-deb -x FILE FOLDER: a program that runs
  "dpkg-deb": `
mkdir -p "$3/usr/bin" "$3/usr/lib/cpu/pulseaudio" "$3/usr/lib/pulse-1/modules"
: > "$3/usr/lib/pulse-1/modules/module-null-sink.so"
printf '#!/bin/sh\nexit 0\n' > "$3/usr/bin/pulseaudio"
chmod +x "$3/usr/bin/pulseaudio"
echo "unpacked \${2##*/}" >> "$state/log"`,
  "sudo": `
echo "sudo $*" >> "$state/log"
case $1 in
  --version) [ -e "$state/has-sudo" ] || exit 127; exit 0 ;;
  -n) [ -e "$state/sudo-works" ] || exit 1; shift; exec "$@" ;;
esac
exec "$@"`,
};

/** What the double starts with; names of packages. */
export interface FakeState {
  installed?: string[];
  /** In the machine's package lists. */
  offered?: string[];
  /** On the mirror: in the lists after apt-get update. */
  mirror?: string[];
  /** Cannot be installed without removing something. */
  conflicting?: string[];
  /** Fail once: the mirror has replaced them. */
  stale?: string[];
  /** What apt-get says, one line at each installation, before it can install. */
  locked?: string[];
  sudo?: "missing" | "asks" | "works";
}

export class FakeDebian {
  private constructor(readonly folder: string) {}

  static async create(state: FakeState): Promise<FakeDebian> {
    const folder = await Deno.makeTempDir({ prefix: "gamelan-fake-debian-" });
    const fake = new FakeDebian(folder);
    await Deno.mkdir(join(folder, "bin"));
    const { sudo = "missing", ...lists } = state;
    const names = ["installed", "offered", "mirror", "conflicting", "stale", "locked"] as const;
    for (const name of names) await fake.#write(name, lists[name] ?? []);
    await fake.#write("known", lists.offered ?? []);
    await fake.#write("log", []);
    if (sudo !== "missing") await fake.#write("has-sudo", []);
    if (sudo === "works") await fake.#write("sudo-works", []);
    for (const [name, script] of Object.entries(scripts)) {
      const path = join(folder, "bin", name);
      await Deno.writeTextFile(path, `#!/bin/sh\nstate=${folder}\n${script.trim()}\n`);
      await Deno.chmod(path, 0o755);
    }
    return fake;
  }

  async #write(name: string, lines: string[]): Promise<void> {
    await Deno.writeTextFile(join(this.folder, name), lines.map((line) => line + "\n").join(""));
  }

  get path(): string {
    return `${join(this.folder, "bin")}:${Deno.env.get("PATH")}`;
  }

  lines(name: "installed" | "log"): string[] {
    return Deno.readTextFileSync(join(this.folder, name)).split("\n").filter((line) => line !== "");
  }

  async [Symbol.asyncDispose]() {
    await Deno.remove(this.folder, { recursive: true });
  }
}
