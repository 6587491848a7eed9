import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Message } from "werift";
import { seeded } from "../../../tests/transport/simulated_path.ts";
import { hasStunIntegrity, stunLocalFragment } from "./stun.ts";

Deno.test("a connectivity check tells whom it is for", () => {
  const check = new Message(1, 0).setAttribute("PRIORITY", 5).setAttribute(
    "USERNAME",
    "ours:theirs",
  );
  assert.equal(stunLocalFragment((check as Message).bytes), "ours");
  assert.equal(stunLocalFragment(new Message(1, 0).bytes), undefined);
});

Deno.test("arbitrary bytes after a STUN head are read within their bounds", () => {
  const random = seeded(13);
  for (let round = 0; round < 20000; round++) {
    const bytes = Uint8Array.from({ length: 20 + random() * 60 | 0 }, () => random() * 256 | 0);
    if (bytes.length > 24) bytes.set([0, 6, 0, random() * 40 | 0], 20);
    const fragment = stunLocalFragment(bytes);
    assert.ok(fragment === undefined || typeof fragment === "string");
    assert.ok([true, false].includes(hasStunIntegrity(bytes)));
  }
});

Deno.test("an ICE end's answer is told from a STUN server's", () => {
  const answer = () => new Message(1, 0x100);
  assert.equal(hasStunIntegrity(answer().bytes), false);
  const signed = answer();
  signed.addMessageIntegrity(Buffer.from("password"));
  assert.equal(hasStunIntegrity(signed.bytes), true);
});
