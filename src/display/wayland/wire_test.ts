import assert from "node:assert/strict";
import { AF_UNIX, libc, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "../../../ffi/libc.ts";
import { MAX_MESSAGE_BYTES, WireError, WireSocket } from "./wire.ts";

function pair(): [WireSocket, WireSocket] {
  const ends = new Int32Array(2);
  const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  assert.equal(libc.socketpair(AF_UNIX, type, 0, new Uint8Array(ends.buffer)), 0);
  return [new WireSocket(ends[0]), new WireSocket(ends[1])];
}

Deno.test("every kind of argument arrives as it was sent", () => {
  const [from, to] = pair();
  const fd = libc.memfd_create(new TextEncoder().encode("x\0"), 0);
  from.writer.begin(7, 3).uint(0xfffffffe).int(-5).fixed(-1.5).string("grün").string(null)
    .array(Uint8Array.of(1, 2, 3)).fd(fd).end();
  from.writer.begin(8, 0).end();
  assert.equal(from.flush(), "sent");
  assert.equal(to.receive(), "data");
  const message = to.next()!;
  assert.deepEqual([message.object, message.opcode], [7, 3]);
  assert.equal(message.uint(), 0xfffffffe);
  assert.equal(message.int(), -5);
  assert.equal(message.fixed(), -1.5);
  assert.equal(message.string(), "grün");
  assert.equal(message.nullableString(), null);
  assert.deepEqual([...message.array()], [1, 2, 3]);
  const received = message.fd();
  assert.ok(received !== fd && libc.close(received) === 0);
  message.finish();
  assert.equal(to.next()!.object, 8);
  assert.equal(to.next(), undefined);
  assert.equal(to.receive(), "empty");
  from.close();
  assert.equal(to.receive(), "closed");
  to.close();
  libc.close(fd);
});

Deno.test("a message that comes in pieces is held until it is whole", () => {
  const [from, to] = pair();
  const bytes = new Uint8Array(new Uint32Array([1, 12 << 16, 99]).buffer);
  for (const byte of bytes) {
    assert.equal(to.next(), undefined);
    libc.send(from.fd, Uint8Array.of(byte), 1n, 0);
    assert.equal(to.receive(), "data");
  }
  assert.equal(to.next()!.uint(), 99);
  from.close();
  to.close();
});

Deno.test("more descriptors than one send takes all arrive, in order and in time", () => {
  const [from, to] = pair();
  const fds = Array.from({ length: 70 }, (_, i) => {
    const fd = libc.memfd_create(new TextEncoder().encode("x\0"), 0);
    libc.ftruncate(fd, BigInt(i));
    return fd;
  });
  for (const fd of fds) from.writer.begin(1, 0).fd(fd).end();
  assert.equal(from.flush(), "sent");
  while (to.receive() === "data");
  for (let i = 0; i < fds.length; i++) {
    const fd = to.next()!.fd();
    assert.equal(Number(libc.lseek(fd, 0n, 2)), i);
    libc.close(fd);
    libc.close(fds[i]);
  }
  from.close();
  to.close();
});

Deno.test("a flush that blocks goes on where it stopped", () => {
  const [from, to] = pair();
  let sent = 0;
  const text = "x".repeat(4000);
  for (let state = "sent"; state === "sent"; sent++) {
    from.writer.begin(sent + 1, 0).string(text).end();
    state = from.flush();
  }
  let received = 0;
  while (received < sent) {
    to.receive();
    for (let message = to.next(); message; message = to.next()) {
      assert.equal(message.object, ++received);
      assert.equal(message.string(), text);
    }
    from.flush();
  }
  from.close();
  to.close();
});

Deno.test("sizes and arguments that cannot be are errors", () => {
  const bad = (words: number[], read: (socket: WireSocket) => unknown) => {
    const [from, to] = pair();
    const bytes = new Uint8Array(new Uint32Array(words).buffer);
    libc.send(from.fd, bytes, BigInt(bytes.length), 0);
    to.receive();
    assert.throws(() => read(to), WireError);
    from.close();
    to.close();
  };
  bad([1, 4 << 16], (socket) => socket.next());
  bad([1, 9 << 16], (socket) => socket.next());
  bad([1, (MAX_MESSAGE_BYTES + 4) << 16], (socket) => socket.next());
  bad([1, 8 << 16], (socket) => socket.next()!.uint());
  bad([1, 12 << 16, 5], (socket) => socket.next()!.array());
  bad([1, 12 << 16, 0], (socket) => socket.next()!.string());
  bad([1, 16 << 16, 4, 0x61616161], (socket) => socket.next()!.string());
  bad([1, 12 << 16, 5], (socket) => socket.next()!.finish());
  bad([1, 8 << 16], (socket) => socket.next()!.fd());
});

Deno.test("a message too long to send is dropped and the next one is whole", () => {
  const [from, to] = pair();
  assert.throws(() => from.writer.begin(1, 0).string("x".repeat(5000)).end(), RangeError);
  from.writer.begin(2, 0).end();
  from.flush();
  to.receive();
  assert.equal(to.next()!.object, 2);
  from.close();
  to.close();
});
