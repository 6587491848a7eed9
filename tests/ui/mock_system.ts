/** What the mock house's appliance says of its system and updates. */
import type { SystemState } from "../../src/protocol/update.ts";

export class MockSystem {
  state: SystemState = {
    version: "0.2.0",
    trial: false,
    other: { version: "0.1.0", proven: true },
    update: null,
    restart: null,
    last: {
      version: "0.3.0",
      outcome: "taken-back",
      detail: "0.3.0 was tried three times and taken back: “The picture is encoded” failed: " +
        "nothing was encoded",
      at: Date.UTC(2026, 10, 21),
    },
    failure: null,
  };
  /** Why updates are refused. */
  refusal: string | undefined;
  #upload = { id: "update", bytes: 0, received: 0 };

  /** An answer, or undefined where it is none of the system's requests. */
  answer(
    method: string,
    url: URL,
    body: Record<string, unknown>,
    pieceBytes: number,
  ): Response | undefined {
    switch (`${method} ${url.pathname.slice("/api".length)}`) {
      case "GET /system":
        return Response.json(this.state);
      case "POST /system/updates":
        this.#upload = { id: "update", bytes: Number(body.bytes), received: 0 };
        return Response.json(this.#upload, { status: 201 });
      case "PUT /system/updates/update":
        this.#upload.received += pieceBytes;
        return Response.json(this.#upload);
      case "POST /system/updates/update/install":
        if (this.refusal) {
          return Response.json({ error: "conflict", message: this.refusal }, { status: 409 });
        }
        this.state = {
          ...this.state,
          update: {
            version: "0.4.0",
            phase: "waiting",
            installed: false,
            reason: null,
          },
        };
        return Response.json({}, { status: 202 });
      case "POST /system/cancel":
        this.state = { ...this.state, update: null };
        return Response.json(this.state);
      case "POST /system/rollback":
        this.state = { ...this.state, restart: { version: "0.1.0", inMs: 120_000 } };
        return Response.json({}, { status: 202 });
    }
  }
}
