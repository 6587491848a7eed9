import assert from "node:assert/strict";
import { udpInodes } from "./socket_fd.ts";

Deno.test("the kernel's table of sockets is read by port", () => {
  const table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid" +
    "  timeout inode ref pointer drops\n" +
    "  120: 00000000:BA9B 00000000:0000 07 00000000:00000000 00:00000000 00000000     0" +
    "        0 41234 2 0000000000000000 0\n" +
    " 4711: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0" +
    "        0 99 2 0000000000000000 0\n";
  assert.deepEqual(udpInodes(table, 0xba9b), ["41234"]);
  assert.deepEqual(udpInodes(table, 53), ["99"]);
  assert.deepEqual(udpInodes(table, 1), []);
  assert.deepEqual(udpInodes("", 1), []);
});
