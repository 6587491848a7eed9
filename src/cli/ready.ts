import QRCode from "qrcode";

/** What `serve` and `start` say when the house is ready. */
export interface Ready {
  url: string;
  /** Absent once the house is claimed. */
  claimCode?: string;
  pid: number;
}

/** One line of JSON for scripts. */
export function printReadyJson(ready: Ready): void {
  console.log(JSON.stringify(ready));
}

/** How other devices come to the house. */
export interface FromElsewhere {
  /** What they open; absent where only this machine is served. */
  lanUrl?: string;
  /** Of the authority that they have to trust. */
  caFingerprintSha256?: string;
}

/** Address, QR code, claim code and the authority's fingerprint for a person. */
export async function printReady(
  ready: Ready,
  { lanUrl, caFingerprintSha256 }: FromElsewhere,
): Promise<void> {
  const claim = ready.claimCode ? `/#claim=${ready.claimCode}` : "";
  const shown = lanUrl ?? ready.url;
  console.log(await QRCode.toString(shown + claim, { type: "terminal", small: true }));
  console.log(`  On this machine      ${ready.url}`);
  if (lanUrl) {
    console.log(`  On other screens     ${lanUrl}`);
    console.log(
      `  First, once          ${trustUrl(lanUrl, ready.url)}   (makes them trust this house)`,
    );
    if (caFingerprintSha256) {
      console.log("  Its fingerprint      (SHA-256; what they show must be the same)");
      for (const half of caFingerprintSha256.match(/.{1,48}/g)!) {
        console.log(`                       ${half.replace(/:$/, "")}`);
      }
    }
  }
  if (ready.claimCode) {
    console.log(
      `  Claim code           ${ready.claimCode}   (the first visitor who has it owns the house)`,
    );
  }
  console.log("\n  Ctrl-C stops Gamelan and the games.\n");
}

/** The trust page is served without TLS, because it is what makes TLS trusted. */
function trustUrl(lanUrl: string, localUrl: string): string {
  const { port } = new URL(localUrl);
  return `http://${new URL(lanUrl).hostname}${port ? `:${port}` : ""}/trust`;
}
