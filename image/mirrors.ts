/** Where Debian's packages come from. */
export interface Mirrors {
  archive: string;
  security: string;
}

/** Options by which a task lets its caller choose them, for parseArgs of node:util. */
export const mirrorOptions = {
  mirror: { type: "string", default: "http://deb.debian.org/debian" },
  "security-mirror": { type: "string", default: "http://deb.debian.org/debian-security" },
} as const;

/** The lines of a task's help for {@linkcode mirrorOptions}. */
export const mirrorHelp =
  `  --mirror URL          Debian's archive (default: ${mirrorOptions.mirror.default})
  --security-mirror URL its security archive (default: ${
    mirrorOptions["security-mirror"].default
  })`;

/** What {@linkcode mirrorOptions} were given. */
export function chosenMirrors(values: { mirror: string; "security-mirror": string }): Mirrors {
  return { archive: values.mirror, security: values["security-mirror"] };
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** apt's sources of Debian 13 in deb822 format, sources.list(5). */
export function aptSources({ archive, security }: Mirrors, components: string): string {
  const stanza = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: ${components}\nSigned-By: ${KEYRING}\n`;
  return stanza(archive, "trixie trixie-updates") + "\n" + stanza(security, "trixie-security");
}
