import { UPLOAD_PIECE } from "../../src/protocol/machine.ts";
import { eventually } from "./wait.ts";
import type { Machine } from "./machine.ts";

/** The claim code that the machine's screen shows. */
export async function claimCode(machine: Machine): Promise<string> {
  return await eventually(
    "the claim code on the screen",
    async () => /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/.exec(await machine.screenText())?.[0],
    { withinMs: 240_000 },
  );
}

/** The certificate of the house's own authority, PEM. */
export async function authorityOf({ ports }: Machine): Promise<string> {
  return await (await fetch(`http://localhost:${ports.http}/ca.crt`)).text();
}

/** A house's API, as its owner uses it by a browser that trusts the house's authority. */
export class Owner implements Disposable {
  #cookie = "";

  private constructor(
    private readonly machine: Machine,
    private readonly client: Deno.HttpClient,
  ) {}

  /** Makes somebody the owner of a house that nobody has claimed. */
  static async claim(
    machine: Machine,
    { code, password }: { code: string; password: string },
  ): Promise<Owner> {
    const client = Deno.createHttpClient({ caCerts: [await authorityOf(machine)] });
    const owner = new Owner(machine, client);
    const { status, json } = await owner.send("POST", "/claim", { code, name: "Ayu", password });
    if (status === 200) return owner;
    client.close();
    throw new Error(`the house was not claimed: ${JSON.stringify(json)}`);
  }

  /** `body`: bytes as they are, all else as JSON. */
  async send(method: string, path: string, body?: unknown) {
    const url = `https://localhost:${this.machine.ports.https}`;
    const isBytes = body instanceof Uint8Array;
    const type = isBytes ? "application/octet-stream" : "application/json";
    const response = await fetch(`${url}/api${path}`, {
      method,
      client: this.client,
      headers: { origin: url, cookie: this.#cookie, "content-type": type },
      body: isBytes ? new Uint8Array(body) : body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(90_000),
    });
    const cookie = response.headers.get("set-cookie")?.split(";")[0];
    if (cookie) this.#cookie = cookie;
    return { status: response.status, json: await response.json() };
  }

  /** Uploads an update, as the page does it, and has it installed when nobody plays. */
  async update(content: Uint8Array): Promise<void> {
    const { json: { id } } = await this.#must("POST", "/system/updates", { bytes: content.length });
    for (let at = 0; at < content.length; at += UPLOAD_PIECE) {
      const piece = content.subarray(at, at + UPLOAD_PIECE);
      await this.#must("PUT", `/system/updates/${id}?offset=${at}`, piece);
    }
    await this.#must("POST", `/system/updates/${id}/install`, { now: false });
  }

  async #must(method: string, path: string, body: unknown) {
    const answer = await this.send(method, path, body);
    if (answer.status < 300) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.json)}`);
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}
