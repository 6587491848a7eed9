import { freePort } from "../tools/free_ports.ts";

/** A real redis-server of its own for a test, on a free loopback port, keeping nothing. */
export interface RedisServer extends AsyncDisposable {
  url: string;
  /** Cuts all connections, as a network failure would. */
  cutConnections(): Promise<void>;
}

export async function startRedis(): Promise<RedisServer> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-redis-" });
  for (let tries = 0;; tries++) {
    const port = freePort();
    const child = new Deno.Command("redis-server", {
      args: ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let ended = false;
    child.status.then(() => ended = true);
    while (!ended && await command(port, "PING") !== "+PONG\r\n") {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (ended) {
      // Somebody took the port between our look and its start.
      if (tries < 5) continue;
      throw new Error("redis-server does not start; expected the Debian package redis-server");
    }
    return {
      url: `redis://127.0.0.1:${port}`,
      async cutConnections() {
        await command(port, "CLIENT KILL TYPE pubsub");
        await command(port, "CLIENT KILL TYPE normal");
      },
      async [Symbol.asyncDispose]() {
        child.kill("SIGTERM");
        await child.status;
        await Deno.remove(folder, { recursive: true });
      },
    };
  }
}

/** One inline command (Redis protocol specification, "Inline commands"); undefined: no connection. */
async function command(port: number, text: string): Promise<string | undefined> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode(`${text}\r\n`));
    const buffer = new Uint8Array(256);
    const length = await connection.read(buffer);
    return new TextDecoder().decode(buffer.subarray(0, length ?? 0));
  } catch {
    return undefined;
  }
}
