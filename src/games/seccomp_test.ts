import assert from "node:assert/strict";
import { seccompFilter } from "./seccomp.ts";

/** Runs a filter as the kernel would (only the instructions that seccomp allows). */
function verdict(filter: Uint8Array, call: { arch: number; number: number; args?: number[] }) {
  const data = new DataView(new ArrayBuffer(64));
  data.setInt32(0, call.number, true);
  data.setUint32(4, call.arch, true);
  (call.args ?? []).forEach((value, index) =>
    data.setBigUint64(16 + index * 8, BigInt(value), true)
  );
  const program = new DataView(filter.buffer);
  let accumulator = 0;
  for (let at = 0;;) {
    assert.ok(at * 8 < filter.length, "the program ends in a return");
    const code = program.getUint16(at * 8, true);
    const [whenTrue, whenFalse] = [program.getUint8(at * 8 + 2), program.getUint8(at * 8 + 3)];
    const value = program.getUint32(at * 8 + 4, true);
    at++;
    if (code === 0x06) return value >>> 0;
    if (code === 0x20) accumulator = data.getUint32(value, true);
    else if (code === 0x15) at += accumulator === value ? whenTrue : whenFalse;
    else if (code === 0x35) at += accumulator >= value ? whenTrue : whenFalse;
    else if (code === 0x45) at += (accumulator & value) !== 0 ? whenTrue : whenFalse;
    else assert.fail(`unknown instruction 0x${code.toString(16)}`);
  }
}

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const fail = (errno: number) => 0x00050000 | errno;

for (
  const [name, arch, calls] of [
    ["x86_64", 0xc000003e, {
      read: 0,
      clone: 56,
      socket: 41,
      ioctl: 16,
      mount: 165,
      ptrace: 101,
      bpf: 321,
      clone3: 435,
      io_uring: 425,
      futex: 202,
    }],
    ["aarch64", 0xc00000b7, {
      read: 63,
      clone: 220,
      socket: 198,
      ioctl: 29,
      mount: 40,
      ptrace: 117,
      bpf: 280,
      clone3: 435,
      io_uring: 425,
      futex: 98,
    }],
  ] as const
) {
  const filter = seccompFilter(name);
  const ask = (number: number, ...args: number[]) => verdict(filter, { arch, number, args });

  Deno.test(`the filter of ${name} allows what games do`, () => {
    assert.equal(ask(calls.read), ALLOW);
    assert.equal(ask(calls.futex), ALLOW);
    // CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | …, as pthread_create does.
    assert.equal(ask(calls.clone, 0x3d0f00), ALLOW);
    for (const family of [1, 2, 10, 16]) assert.equal(ask(calls.socket, family), ALLOW);
    assert.equal(ask(calls.ioctl, 0, 0x5401), ALLOW);
  });

  Deno.test(`the filter of ${name} denies what leads out of a sandbox`, () => {
    for (const number of [calls.mount, calls.ptrace, calls.bpf]) assert.equal(ask(number), fail(1));
    for (const number of [calls.clone3, calls.io_uring]) assert.equal(ask(number), fail(38));
    // CLONE_NEWUSER, CLONE_NEWNET | SIGCHLD
    assert.equal(ask(calls.clone, 0x10000000), fail(1));
    assert.equal(ask(calls.clone, 0x40000011), fail(1));
    // AF_PACKET, AF_ALG, AF_VSOCK
    for (const family of [17, 38, 40]) assert.equal(ask(calls.socket, family), fail(97));
    assert.equal(ask(calls.ioctl, 0, 0x5412), fail(1));
    // The high half of an argument must not hide the low one.
    assert.equal(ask(calls.ioctl, 0, 0x1_0000_5412), fail(1));
  });

  Deno.test(`the filter of ${name} ends programs of another architecture`, () => {
    assert.equal(verdict(filter, { arch: 0x40000003, number: 4 }), KILL);
  });
}

Deno.test("the numbers of x32 are no way around the filter", () => {
  const filter = seccompFilter("x86_64");
  const call = { arch: 0xc000003e, number: 0x40000000 | 521 };
  assert.equal(verdict(filter, call), fail(38));
});
