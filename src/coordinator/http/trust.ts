import { createHash, X509Certificate } from "node:crypto";

/** `AB:CD:…` of a PEM certificate, as devices show it. */
export function shownFingerprint(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}

/** The authority for Android, Linux, Windows and TVs. */
export function authorityFile(cert: string): Response {
  return new Response(cert, {
    headers: {
      "content-type": "application/x-x509-ca-cert",
      "content-disposition": 'attachment; filename="gamelan-ca.crt"',
      "cache-control": "no-cache",
    },
  });
}

/** The authority as a configuration profile, the one form that iPhones, iPads and Apple TV take. */
export function appleProfile(cert: string, houseName: string): Response {
  const { raw } = new X509Certificate(cert);
  const body = raw.toString("base64").match(/.{1,64}/g)!.join("\n");
  const name = escapeXml(houseName);
  const profile = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadCertificateFileName</key><string>gamelan-ca.crt</string>
      <key>PayloadContent</key>
      <data>
${body}
      </data>
      <key>PayloadDescription</key><string>Lets this device play at ${name} securely</string>
      <key>PayloadDisplayName</key><string>${name} certificate authority</string>
      <key>PayloadIdentifier</key><string>gamelan.ca.certificate</string>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadUUID</key><string>${uuidOf(raw, "certificate")}</string>
      <key>PayloadVersion</key><integer>1</integer>
    </dict>
  </array>
  <key>PayloadDisplayName</key><string>${name}</string>
  <key>PayloadIdentifier</key><string>gamelan.ca</string>
  <key>PayloadRemovalDisallowed</key><false/>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadUUID</key><string>${uuidOf(raw, "profile")}</string>
  <key>PayloadVersion</key><integer>1</integer>
</dict>
</plist>
`;
  return new Response(profile, {
    headers: {
      "content-type": "application/x-apple-aspen-config",
      "content-disposition": 'attachment; filename="gamelan.mobileconfig"',
      "cache-control": "no-cache",
    },
  });
}

/** The same certificate has the same UUID, so that installing it twice replaces it. */
function uuidOf(raw: Uint8Array, part: string): string {
  const hex = createHash("sha256").update(part).update(raw).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`]
    .join("-").concat(`-${hex.slice(20, 32)}`);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
