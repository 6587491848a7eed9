/**
 * What network_test.ts listens with: `world`: a server at 203.0.113.9 and one that connects back;
 * `house`: services of the machine that a game must not reach, and its name server. Ends with its input.
 */
import { createSocket } from "node:dgram";
import { connect, createServer } from "node:net";

const name = Deno.args[0];

function greet(port: number, host: string): Promise<void> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(`hello from ${name}\n`);
  });
  return new Promise((resolve) => server.listen(port, host, resolve));
}

/** Connects to the port that a client names, at the client's address, and says what came of it. */
function connectBack(port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const back = connect(Number(data.toString()), socket.remoteAddress!);
      back.on("connect", () => socket.end("connected\n"));
      back.on("error", (error) => socket.end(`${error.message} refused\n`));
    });
  });
  return new Promise((resolve) => server.listen(port, "203.0.113.9", resolve));
}

/** Answers every question with 203.0.113.9 (RFC 1035, 4.1). */
function nameServer(): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (query, { port, address }) => {
    const isAddress = query[query.length - 3] === 1;
    const head = [...query.subarray(0, 2), 0x81, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0];
    const answer = isAddress ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 9] : [];
    socket.send(new Uint8Array([...head, ...query.subarray(12), ...answer]), port, address);
  });
  return new Promise((resolve) => socket.bind(53, "127.0.0.53", () => resolve()));
}

if (name === "world") {
  await greet(7777, "203.0.113.9");
  await connectBack(7776);
} else {
  await greet(7778, "127.0.0.1");
  await greet(7779, "0.0.0.0");
  await nameServer();
  const abstract =
    'socket(L,PF_UNIX,SOCK_STREAM,0);bind(L,pack("S a*",1,"\\0gamelan-secret"))||die;listen(L,5);' +
    '$|=1;print "up\\n";while(accept(C,L)){syswrite C,"hello from house\\n";close C}';
  const child = new Deno.Command("perl", { args: ["-MSocket", "-e", abstract], stdout: "piped" })
    .spawn();
  await child.stdout.getReader().read();
  globalThis.addEventListener("unload", () => child.kill("SIGKILL"));
}
console.log("listening");
for await (const _ of Deno.stdin.readable) { /* until its end */ }
Deno.exit();
