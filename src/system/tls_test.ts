import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import {
  addressBytes,
  createAuthority,
  createSelfSigned,
  fingerprint,
  isCoverable,
  issueCertificate,
  SERVER_DAYS,
} from "./tls.ts";
import { integer, oid, time } from "./tls_der.ts";

const hex = (bytes: Uint8Array) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

async function serveWith(cert: { cert: string; key: string }, ca: string, name: string) {
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {}, ...cert },
    () => new Response("ok"),
  );
  const client = Deno.createHttpClient({ caCerts: [ca] });
  try {
    const answer = await fetch(`https://${name}:${server.addr.port}/`, { client });
    return await answer.text();
  } finally {
    client.close();
    await server.shutdown();
  }
}

const ofCertificate = (error: Error) => /certificate/i.test(`${error} ${error.cause}`);

Deno.test("a certificate by the house's authority is accepted for its names and addresses", async () => {
  const authority = createAuthority("Ada's Häus <1>", ["debian"]);
  const server = issueCertificate(authority, ["localhost", "gamelan.local", "127.0.0.1", "::1"]);
  assert.equal(await serveWith(server, authority.cert, "localhost"), "ok");
  assert.equal(await serveWith(server, authority.cert, "127.0.0.1"), "ok");
  const certificate = new X509Certificate(server.cert);
  assert.ok(certificate.verify(new X509Certificate(authority.cert).publicKey));
  assert.equal(certificate.checkHost("gamelan.local"), "gamelan.local");
  assert.equal(certificate.checkIP("::1"), "::1");
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
  assert.equal(days, SERVER_DAYS);
  assert.equal(fingerprint(authority.cert).length, 32);
});

Deno.test("a self-signed certificate is of its own key, and no two are alike", () => {
  const { cert, key } = createSelfSigned("Peer");
  const certificate = new X509Certificate(cert);
  assert.equal(certificate.subject, "CN=Peer");
  assert.equal(certificate.issuer, "CN=Peer");
  assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key)));
  assert.ok(Date.parse(certificate.validFrom) < Date.now());
  assert.ok(Date.parse(certificate.validTo) > Date.now() + 300 * 86_400_000);
  const other = new X509Certificate(createSelfSigned("Peer").cert);
  assert.notEqual(other.serialNumber, certificate.serialNumber);
  assert.notEqual(other.fingerprint256, certificate.fingerprint256);
});

Deno.test("a certificate by another authority, or for another name, is refused", async () => {
  const authority = createAuthority("House", []);
  const other = createAuthority("House", []);
  const server = issueCertificate(authority, ["localhost"]);
  await assert.rejects(serveWith(server, other.cert, "localhost"), ofCertificate);
  await assert.rejects(serveWith(server, authority.cert, "127.0.0.1"), ofCertificate);
});

Deno.test("what the authority may not vouch for is refused even with its signature", async () => {
  const authority = createAuthority("House", []);
  // The name we connect to is fine; one beside it is outside of the constraint.
  const server = issueCertificate(authority, ["localhost", "bank.example.com"]);
  await assert.rejects(serveWith(server, authority.cert, "localhost"), ofCertificate);
});

Deno.test("OpenSSL accepts authority and certificate in its strict mode", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const authority = createAuthority("House", ["debian"]);
    const server = issueCertificate(authority, [
      "debian",
      "debian.local",
      "192.168.1.2",
      "fd00::1",
    ]);
    await Deno.writeTextFile(`${folder}/ca.pem`, authority.cert);
    await Deno.writeTextFile(`${folder}/server.pem`, server.cert);
    const { stdout, stderr } = await new Deno.Command("openssl", {
      args: ["verify", "-x509_strict", "-CAfile", `${folder}/ca.pem`, `${folder}/server.pem`],
    }).output();
    const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.match(text, /server\.pem: OK/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("home networks are covered, the rest of the world is not", () => {
  for (const name of ["localhost", "a.local", "10.1.2.3", "172.31.0.1", "192.168.0.9", "fd12::1"]) {
    assert.equal(isCoverable(name, []), true, name);
  }
  for (
    const name of ["example.com", "local.example", "xlocal", "8.8.8.8", "172.32.0.1", "2001::1"]
  ) {
    assert.equal(isCoverable(name, []), false, name);
  }
  assert.equal(isCoverable("debian", ["debian"]), true);
});

Deno.test("addresses are written as bytes", () => {
  assert.equal(hex(addressBytes("192.168.1.2")), "c0a80102");
  assert.equal(
    hex(addressBytes("fe80::1:2")),
    `fe80${"0".repeat(20)}00010002`,
  );
  assert.equal(hex(addressBytes("::")), "0".repeat(32));
  for (const bad of ["1.2.3", "256.1.1.1", "x", "1::2::3", "::1%eth0", ""]) {
    assert.throws(() => addressBytes(bad), RangeError, bad);
  }
});

Deno.test("DER elements follow X.690", () => {
  assert.equal(hex(integer(Uint8Array.of(0, 0, 0x80))), "02020080");
  assert.equal(hex(integer(Uint8Array.of(0))), "020100");
  assert.equal(hex(oid("1.2.840.10045.4.3.2")), "06082a8648ce3d040302");
  assert.equal(
    hex(time(new Date("2049-12-31T23:59:59.999Z"))),
    `170d${
      hex(
        new TextEncoder().encode("491231235959Z"),
      )
    }`,
  );
  assert.equal(hex(time(new Date("2050-01-01T00:00:00Z"))).slice(0, 4), "180f");
});
