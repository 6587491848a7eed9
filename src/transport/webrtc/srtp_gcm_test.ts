import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { RtpHeader, SrtpSession } from "werift";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import { deriveSessionKey, SrtpGcmSender } from "./srtp_gcm.ts";

const random = seeded(7);
const bytes = (length: number) => Buffer.from(Array.from({ length }, () => random() * 256 | 0));

Deno.test("keys are derived as in RFC 3711 appendix B.3", () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text, "hex"));
  const key = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
  const salt = hex("0EC675AD498AFEEBB6960B3AABE6");
  assert.deepEqual(deriveSessionKey(key, salt, 0, 16), hex("C61E7A93744F39EE10734AFE3FF7A087"));
  assert.deepEqual(deriveSessionKey(key, salt, 2, 14), hex("30CBBC08863D8C85D49DB34A9AE1"));
});

Deno.test("packets equal werift's byte for byte, also after sequence numbers wrap", () => {
  const keys = {
    localMasterKey: bytes(16),
    localMasterSalt: bytes(12),
    remoteMasterKey: bytes(16),
    remoteMasterSalt: bytes(12),
  };
  const reference = new SrtpSession({ keys, profile: 7 });
  const sender = new SrtpGcmSender(keys.localMasterKey, keys.localMasterSalt);
  const target = new Uint8Array(2000);
  for (let sequence = 65000; sequence < 65000 + 70000; sequence += 1 + (random() * 90 | 0)) {
    const header = new RtpHeader({
      sequenceNumber: sequence & 0xffff,
      timestamp: sequence * 1500 >>> 0,
      ssrc: 0xdeadbeef,
      payloadType: 102,
      marker: random() < 0.1,
    });
    const payload = bytes(1 + random() * 1300 | 0);
    const plain = header.serialize(header.serializeSize);
    const offset = random() * 300 | 0;
    target.set(plain, offset);
    const length = sender.protect(target, offset, plain.length, payload, header.ssrc, sequence);
    const expected = reference.encrypt(payload, header);
    assert.equal(Buffer.compare(expected, target.subarray(offset, offset + length)), 0);
  }
  sender.close();
});

Deno.test("a packet from before a wrap is the same when it is repeated after it", () => {
  const sender = new SrtpGcmSender(bytes(16), bytes(12));
  const protect = (sequence: number) => {
    const target = new Uint8Array(100);
    target.set([0x80, 102, sequence >> 8 & 255, sequence & 255]);
    return target.slice(0, sender.protect(target, 0, 12, bytes(0), 5, sequence));
  };
  const before = protect(65000);
  protect(65536 + 500);
  assert.deepEqual(protect(65000), before);
  assert.notDeepEqual(protect(65536 + 65000), before);
  sender.close();
});
