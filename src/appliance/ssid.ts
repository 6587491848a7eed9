/** Names of Wi-Fi networks: any bytes, so they travel as hexadecimal. */

/** The name as text; bytes that are no UTF-8, and controls, become �. */
export function ssidText(ssid: string): string {
  const bytes = Uint8Array.from(ssid.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return new TextDecoder().decode(bytes).replaceAll(/\p{Cc}|\p{Cf}/gu, "\ufffd");
}

/**
 * The file in which iwd remembers a network, iwd.network(5): the name itself where that is plain, else
 * `=` and hexadecimal. It never holds a slash or a dot of the name's own.
 */
export function iwdFile(ssid: string, security: "open" | "psk" | "8021x"): string {
  const text = ssidText(ssid);
  const plain = /^[A-Za-z0-9 _-]+$/.test(text) && text.length * 2 === ssid.length;
  return `${plain ? text : `=${ssid}`}.${security}`;
}

/**
 * A passphrase as iwd's settings files have it: backslashes and spaces at the ends would be read as
 * something else (l_settings of ell).
 */
export function iwdPassphraseFile(passphrase: string): string {
  const escaped = passphrase.replaceAll("\\", "\\\\").replace(
    /^ +| +$/g,
    (spaces) => "\\s".repeat(spaces.length),
  );
  return `[Security]\nPassphrase=${escaped}\n`;
}
