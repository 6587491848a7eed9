import assert from "node:assert/strict";
import { CommandReceiver, CommandSender } from "./command_channel.ts";

Deno.test("records and commands arrive in order, also those that found the ring full", async () => {
  const sender = new CommandSender<{ number: number }>(256);
  const receiver = new CommandReceiver<{ number: number }>(sender.channel);
  const received: (number | string)[] = [];
  const drain = () =>
    receiver.drain(
      (record) => received.push(`input ${record[0]}`),
      ({ number }) => received.push(number),
    );
  const expected: (number | string)[] = [];
  for (let i = 0; i < 100; i++) {
    sender.command({ number: i });
    sender.input(Uint8Array.of(i));
    expected.push(i, `input ${i}`);
  }
  drain();
  assert.ok(received.length > 0 && received.length < 200);
  for (let i = 0; i < 200 && received.length < 200; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    drain();
  }
  assert.deepEqual(received, expected);
  sender.close();
  sender.input(Uint8Array.of(1));
});
