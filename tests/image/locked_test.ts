/** A box that nobody has given a key or a configuration, as it comes out of the image. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { artifacts, imageUnderTest, keepFigures } from "./image_under_test.ts";
import { Machine } from "./machine.ts";

/** What a TCP server says first, within ten seconds; "" where it hangs up or says nothing. */
async function greeting(port: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const timer = setTimeout(() => connection.close(), 10_000);
  const buffer = new Uint8Array(256);
  try {
    const length = await connection.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, length ?? 0));
  } catch {
    return "";
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("a box without a key serves its page, lets nobody in and goes off by its button", async (t) => {
  await using machine = await Machine.start({ image: imageUnderTest(), name: "locked" }, artifacts);
  const readyMs = await machine.ready();

  await t.step("the page is served on the usual ports, by the box's own authority", async () => {
    const trust = await fetch(`http://localhost:${machine.ports.http}/trust`);
    assert.equal(trust.status, 200);
    await trust.body?.cancel();
    const authority = await fetch(`http://localhost:${machine.ports.http}/ca.crt`);
    using client = Deno.createHttpClient({ caCerts: [await authority.text()] });
    const response = await fetch(`https://localhost:${machine.ports.https}/readyz`, { client });
    assert.equal(await response.text(), "ready\n");
  });

  await t.step("no SSH server answers", async () => {
    assert.equal(await greeting(machine.ports.ssh), "");
  });

  await t.step("nothing asks for a name and a password", async () => {
    const log = await Deno.readTextFile(machine.serial);
    assert.match(log, /Gamelan, the house/);
    assert.doesNotMatch(log, /login:|emergency|sulogin|\[FAILED\]/i);
  });

  await t.step("its screen shows something", async () => {
    const path = join(artifacts, "locked-screen.png");
    await machine.screenshot(path);
    assert.deepEqual([...(await Deno.readFile(path)).subarray(1, 4)], [0x50, 0x4e, 0x47]);
  });

  await t.step("the power button switches it off cleanly", async () => {
    await machine.powerOff();
    const log = await Deno.readTextFile(machine.serial);
    assert.match(log, /Unmounted.*var\.mount|Reached target.*(umount|poweroff|final)\.target/);
  });
  await keepFigures("image-locked", { readySeconds: Math.round(readyMs / 1000) });
});
