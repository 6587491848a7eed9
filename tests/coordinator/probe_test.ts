import assert from "node:assert/strict";
import { loadConfig } from "../../src/config/config.ts";
import { probeNetwork } from "../../src/coordinator/probe.ts";
import { startTestHouse } from "./house.ts";

async function probe(flags: Record<string, string | number | boolean>) {
  const file = await Deno.makeTempFile();
  const dataDir = await Deno.makeTempDir();
  try {
    const config = loadConfig({
      file,
      env: {},
      flags: { data_dir: dataDir, "http.host": "127.0.0.1", ...flags },
    });
    const rows = await probeNetwork(config);
    return Object.fromEntries(rows.map((row) => [row.id, row]));
  } finally {
    await Deno.remove(file);
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("free ports, a certificate to come and a sane clock are reported", async () => {
  const rows = await probe({ "http.port": 0, "https.port": 0 });
  assert.equal(rows["http-port"].status, "ok");
  assert.equal(rows["https-port"].status, "ok");
  assert.match(rows.certificate.evidence, /made on the first start/);
  assert.equal(rows.clock.status, "ok");
});

Deno.test("a port that another program has is missing, with what to do", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = (other.addr as Deno.NetAddr).port;
  const serving = (async () => {
    for await (const connection of other) connection.close();
  })();
  const rows = await probe({ "http.port": taken, "https.enabled": false });
  assert.equal(rows["http-port"].status, "missing");
  assert.match(rows["http-port"].fix!, /http\.port/);
  other.close();
  await serving;
});

Deno.test("ports that this house serves on, and its certificate, are fine", async () => {
  await using house = await startTestHouse({ "https.enabled": true });
  const port = Number(new URL(house.coordinator.url).port);
  const secure = Number(new URL(house.coordinator.httpsUrl!).port);
  const rows = await probe({
    "http.port": port,
    "https.port": secure,
    data_dir: house.config.data_dir,
  });
  assert.match(rows["http-port"].evidence, /Gamelan is serving/);
  assert.match(rows["https-port"].evidence, /Gamelan is serving/);
  assert.match(rows.certificate.evidence, /by the house's authority, 39\d days left/);
  const { caFingerprintSha256 } = house.coordinator;
  assert.match(caFingerprintSha256!, /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.equal(rows.authority.evidence, `SHA-256 ${caFingerprintSha256}`);
});

Deno.test("a certificate that cannot be read, and a Redis that is away, are missing", async () => {
  const rows = await probe({
    "http.port": 0,
    "https.port": 0,
    "tls.cert": "/nonexistent.pem",
    "tls.key": "/nonexistent.key",
    "store.redis": "redis://127.0.0.1:1",
  });
  assert.equal(rows.certificate.status, "missing");
  assert.match(rows.certificate.fix!, /tls\.cert/);
  assert.equal(rows.redis.status, "missing");
});
