import assert from "node:assert/strict";
import { join } from "node:path";
import { AF_UNIX, libc, SOCK_DGRAM, SOCK_NONBLOCK } from "../../ffi/libc.ts";
import { notifySystemd, watchdogMs } from "./sd_notify.ts";

/** A socket as systemd opens one for a service, unix(7). */
function notifySocket(path: string): { read(): string | undefined; close(): void } {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const address = new Uint8Array(110);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(new TextEncoder().encode(path), 2);
  assert.equal(libc.bind(fd, address, address.length), 0);
  const buffer = new Uint8Array(4096);
  return {
    read() {
      const length = Number(libc.read(fd, buffer, BigInt(buffer.length)));
      return length < 0 ? undefined : new TextDecoder().decode(buffer.subarray(0, length));
    },
    close: () => libc.close(fd),
  };
}

Deno.test("systemd hears the state as assignments, one a line, in one datagram", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "notify");
  const socket = notifySocket(path);
  Deno.env.set("NOTIFY_SOCKET", path);
  try {
    assert.equal(notifySystemd({ READY: "1", STATUS: "Serving at https://gamelan.local" }), true);
    assert.equal(socket.read(), "READY=1\nSTATUS=Serving at https://gamelan.local");
    assert.equal(notifySystemd({ STATUS: "a game\nMAINPID=1\u0000x" }), true);
    assert.equal(socket.read(), "STATUS=a game MAINPID=1 x");
    assert.equal(socket.read(), undefined);
  } finally {
    Deno.env.delete("NOTIFY_SOCKET");
    socket.close();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a service manager that is gone is named as the reason", () => {
  Deno.env.set("NOTIFY_SOCKET", "/nonexistent/notify");
  try {
    assert.throws(() => notifySystemd({ READY: "1" }), /READY=1: No such file or directory/);
  } finally {
    Deno.env.delete("NOTIFY_SOCKET");
  }
});

Deno.test("without systemd nothing is told", () => {
  assert.equal(notifySystemd({ READY: "1" }), false);
});

Deno.test("the watchdog's time is for the process that it names", () => {
  assert.equal(watchdogMs({ WATCHDOG_USEC: "60000000" }, 7), 60_000);
  assert.equal(watchdogMs({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "7" }, 7), 60_000);
  assert.equal(watchdogMs({ WATCHDOG_USEC: "60000000", WATCHDOG_PID: "8" }, 7), undefined);
  for (const wrong of ["", "0", "-5", "1e9", "soon"]) {
    assert.equal(watchdogMs({ WATCHDOG_USEC: wrong }, 7), undefined);
  }
  assert.equal(watchdogMs({}, 7), undefined);
});
