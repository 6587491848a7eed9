/**
 * Options of bwrap(1) for a root that holds the machine's programs, read-only, and nothing else of it
 * but the files `etc` of its /etc, where they exist. Debian's /bin, /sbin and /lib are links into
 * /usr (usr-merge).
 */
export function programsOnly(etc: readonly string[] = []): string[] {
  return [
    ...["--ro-bind", "/usr", "/usr"],
    ...["bin", "sbin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]),
    ...etc.flatMap((name) => ["--ro-bind-try", `/etc/${name}`, `/etc/${name}`]),
  ];
}
