/** HTTPS by the house's own authority, the way there from plain HTTP, and the owner's certificate. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { connect } from "node:tls";
import { loadConfig } from "../../src/config/config.ts";
import { CertificateError, HouseCertificate } from "../../src/coordinator/http/certificate.ts";
import { createAuthority, issueCertificate } from "../../src/system/tls.ts";
import { logSettings } from "../../src/system/log.ts";
import { claim, startTestHouse, TestClient } from "./house.ts";

const secure = { "https.enabled": true };

Deno.test("other devices are sent to HTTPS, and find there what makes them trust it", async () => {
  await using house = await startTestHouse(secure);
  const plain = new TestClient(house.url);
  const securePort = new URL(house.coordinator.httpsUrl!).port;
  const asOther = (method: string, path: string) =>
    plain.send(method, path, { headers: { host: "gamelan.local:8080" } });

  for (const path of ["/", "/games/x?a=b", "/play/s-1", "/api/library", "/api/sessions"]) {
    const answer = await asOther("GET", path);
    assert.equal(answer.status, 307, path);
    assert.equal(answer.headers.location, `https://gamelan.local:${securePort}${path}`);
  }
  assert.equal((await asOther("POST", "/api/login")).status, 307);
  const socket = plain.socket("/api/events", { host: "gamelan.local" });
  assert.match(await socket.opened, /403/);

  for (const path of ["/trust", "/app-1a2b.js", "/healthz", "/readyz", "/api/state"]) {
    assert.equal((await asOther("GET", path)).status, 200, path);
  }
  assert.equal((await asOther("GET", "/api/state")).json.secure, false);
  const trust = (await asOther("GET", "/api/trust")).json;
  const ca = await asOther("GET", "/ca.crt");
  assert.equal(ca.headers["content-type"], "application/x-x509-ca-cert");
  assert.equal(new X509Certificate(ca.text).fingerprint256, trust.caFingerprintSha256);
  assert.equal(house.coordinator.caFingerprintSha256, trust.caFingerprintSha256);
  assert.equal(trust.httpsUrl, `https://localhost:${securePort}`);
  const profile = await asOther("GET", "/ca.mobileconfig");
  assert.equal(profile.headers["content-type"], "application/x-apple-aspen-config");
  const embedded = profile.text.match(/<data>([^<]*)<\/data>/)![1].replaceAll(/\s/g, "");
  assert.equal(embedded, new X509Certificate(ca.text).raw.toString("base64"));

  const client = new TestClient(house.coordinator.httpsUrl!, ca.text);
  assert.equal((await client.get("/api/state")).json.secure, true);
  const answer = await client.post("/api/claim", {
    code: house.coordinator.claimCode,
    name: "Ada",
    password: "correct horse",
  });
  assert.match(String(answer.headers["set-cookie"]), /Secure/);
  const events = client.socket("/api/events");
  await events.next("library");
  await events.close();
});

Deno.test("keys are the owner's to read, and a restart keeps the certificate", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    const served = async () => {
      await using house = await startTestHouse({ ...secure, data_dir: dataDir });
      return (await new TestClient(house.url).get("/ca.crt")).text;
    };
    const first = await served();
    const server = await Deno.readTextFile(join(dataDir, "tls", "server.crt"));
    for (const name of ["ca.key", "server.key", "ca.crt", "server.crt"]) {
      assert.equal(Deno.statSync(join(dataDir, "tls", name)).mode! & 0o777, 0o600, name);
    }
    assert.equal(Deno.statSync(join(dataDir, "tls")).mode! & 0o777, 0o700);
    assert.equal(Deno.statSync(join(dataDir, "house.db")).mode! & 0o777, 0o600);
    assert.equal(Deno.statSync(join(dataDir, "node-token")).mode! & 0o777, 0o600);
    assert.equal(await served(), first);
    assert.equal(await Deno.readTextFile(join(dataDir, "tls", "server.crt")), server);
    // A damaged one is made anew.
    await Deno.writeTextFile(join(dataDir, "tls", "server.crt"), "nonsense");
    assert.equal(await served(), first);
    assert.notEqual(await Deno.readTextFile(join(dataDir, "tls", "server.crt")), server);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("HTTP/1.1 is all that is spoken", async () => {
  await using house = await startTestHouse(secure);
  const { port } = new URL(house.coordinator.httpsUrl!);
  const offered = (ALPNProtocols: string[]) =>
    new Promise<string>((resolve) => {
      const options = { host: "127.0.0.1", port: Number(port), rejectUnauthorized: false };
      const socket = connect({ ...options, ALPNProtocols }, () => {
        resolve(String(socket.alpnProtocol));
        socket.destroy();
      });
      socket.on("error", () => resolve("refused"));
    });
  assert.equal(await offered(["h2", "http/1.1"]), "http/1.1");
  assert.equal(await offered(["h2"]), "refused");
});

/** The certificate that a listener shows now. */
function shown(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(url);
    const socket = connect(
      { host: "127.0.0.1", port: Number(port), rejectUnauthorized: false },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256);
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
}

Deno.test("the owner's certificate is served, and taken up anew when its files change", async () => {
  const folder = await Deno.makeTempDir();
  const cert = join(folder, "own.pem");
  const key = join(folder, "own.key");
  const authority = createAuthority("Owner", []);
  const write = async () => {
    const own = issueCertificate(authority, ["localhost", "127.0.0.1"]);
    await Deno.writeTextFile(cert, own.cert);
    await Deno.writeTextFile(key, own.key);
    return new X509Certificate(own.cert).fingerprint256;
  };
  try {
    const first = await write();
    const flags = { ...secure, "tls.cert": cert, "tls.key": key };
    await using house = await startTestHouse(flags, { certificateCheckMs: 20 });
    const url = house.coordinator.httpsUrl!;
    assert.equal(await shown(url), first);
    const plain = new TestClient(house.url);
    assert.equal((await plain.get("/ca.crt")).status, 404);
    assert.equal((await plain.get("/api/trust")).json.caFingerprintSha256, null);
    // Half written: refused, and the old one stays.
    const { write: writeLine } = logSettings;
    logSettings.write = () => {};
    await Deno.writeTextFile(key, authority.key);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await shown(url), first);
    const second = await write();
    logSettings.write = writeLine;
    for (let tries = 0; tries < 200; tries++) {
      const now = await shown(url).catch(() => "being replaced");
      if (now === second) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.fail("the new certificate was not taken up");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("an owner's certificate that cannot be used is named", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "gamelan.toml");
  await Deno.writeTextFile(file, "");
  const open = (cert: string, key: string) => {
    const flags = { data_dir: folder, "tls.cert": cert, "tls.key": key };
    return HouseCertificate.open(loadConfig({ file, env: {}, flags }));
  };
  try {
    const text = join(folder, "text.pem");
    await Deno.writeTextFile(text, "no certificate");
    assert.throws(() => open("/nonexistent.pem", text), CertificateError);
    assert.throws(() => open(text, text), /expected a certificate in PEM form/);
    const cert = join(folder, "cert.pem");
    await Deno.writeTextFile(cert, createAuthority("x", []).cert);
    assert.throws(() => open(cert, text), /private key/);
    const key = join(folder, "other.key");
    await Deno.writeTextFile(key, createAuthority("y", []).key);
    assert.throws(() => open(cert, key), /the key of this certificate/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a name that the machine gets later is added to the house's certificate", async () => {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "gamelan.toml");
  await Deno.writeTextFile(file, "");
  try {
    const config = loadConfig({ file, env: {}, flags: { data_dir: folder } });
    const certificate = HouseCertificate.open(config);
    const changed = Promise.withResolvers<string>();
    certificate.watch(({ cert }) => changed.resolve(cert), 5);
    // As Avahi names it where another house is gamelan.local.
    config.http.names.push("gamelan-2.local");
    const names = new X509Certificate(await changed.promise).subjectAltName;
    certificate.close();
    assert.match(names!, /DNS:gamelan-2\.local\b/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a taken port is named, and nothing is left open", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr as Deno.NetAddr;
  await assert.rejects(startTestHouse({ "http.port": port }), /taken by another program/);
  await assert.rejects(startTestHouse({ ...secure, "https.port": port }), /taken by another/);
});

Deno.test("closing tells the pages and frees the ports", async () => {
  const house = await startTestHouse(secure);
  const ca = (await new TestClient(house.url).get("/ca.crt")).text;
  const owner = await claim(house);
  const events = owner.socket("/api/events");
  await events.next("library");
  const port = Number(new URL(house.url).port);
  const started = performance.now();
  await house[Symbol.asyncDispose]();
  assert.equal((await events.end()).code, 1001);
  assert.ok(performance.now() - started < 5000);
  Deno.listen({ hostname: "127.0.0.1", port }).close();
  assert.match(ca, /BEGIN CERTIFICATE/);
});
