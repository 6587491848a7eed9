import assert from "node:assert/strict";
import { printReady } from "./ready.ts";

const ready = { url: "http://localhost:8080", claimCode: "KX4M-7QTR", pid: 1 };
const fingerprint = Array.from({ length: 32 }, (_, i) => (160 + i).toString(16).toUpperCase());

async function printed(...shown: Parameters<typeof printReady>): Promise<string> {
  const { log } = console;
  const lines: string[] = [];
  console.log = (line: string) => lines.push(line);
  try {
    await printReady(...shown);
  } finally {
    console.log = log;
  }
  return lines.join("\n");
}

Deno.test("the start screen shows the authority's whole fingerprint beside the trust page", async () => {
  const lanUrl = "https://192.168.1.5:8443";
  const text = await printed(ready, { lanUrl, caFingerprintSha256: fingerprint.join(":") });
  assert.match(text, /http:\/\/192\.168\.1\.5:8080\/trust/);
  const found = text.match(/\b[0-9A-F]{2}(:[0-9A-F]{2})+\b/g)!;
  assert.equal(found.join(":"), fingerprint.join(":"));
  const shown = text.split("\n").filter((line) => line.includes(found[0].slice(0, 5)));
  assert.ok(shown.every((line) => line.length <= 80), "fits a terminal");
});

Deno.test("without an authority of its own the house shows none", async () => {
  assert.doesNotMatch(await printed(ready, { lanUrl: "http://192.168.1.5:8080" }), /ingerprint/);
  assert.doesNotMatch(await printed(ready, {}), /ingerprint|On other screens/);
});
