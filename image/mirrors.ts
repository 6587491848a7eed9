/** Where Debian's packages come from. */
export interface Mirrors {
  archive: string;
  security: string;
}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** apt's sources of Debian 13 in deb822 format, sources.list(5). */
export function aptSources({ archive, security }: Mirrors, components: string): string {
  const stanza = (uri: string, suites: string) =>
    `Types: deb\nURIs: ${uri}\nSuites: ${suites}\nComponents: ${components}\nSigned-By: ${KEYRING}\n`;
  return stanza(archive, "trixie trixie-updates") + "\n" + stanza(security, "trixie-security");
}
