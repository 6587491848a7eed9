import type { FromNode, ToNode } from "../../protocol/node.ts";
import { logger } from "../../system/log.ts";
import { newId } from "../accounts/token.ts";

const log = logger("rooms");
/** A node must answer within this time. */
const ANSWER_MS = 10_000;
/** Pictures that are remembered; the oldest is forgotten first. */
const KEEP = 32;

/** A game's picture. */
export interface Artwork {
  body: Uint8Array<ArrayBuffer>;
  /** Content-Type, an image. */
  type: string;
}

type Answer = Extract<FromNode, { type: "artwork" }>;

/** Game pictures that lie on the nodes: asked for once, and remembered until a library changes. */
export class ArtworkRequests {
  readonly #waiting = new Map<string, (answer: Answer | undefined) => void>();
  readonly #kept = new Map<string, Promise<Artwork | undefined>>();

  constructor(readonly send: (node: string, message: ToNode) => void) {}

  /** The picture of a game that `node` has; undefined where it has none or does not answer. */
  get(node: string, gameId: string): Promise<Artwork | undefined> {
    const key = `${node} ${gameId}`;
    const kept = this.#kept.get(key);
    if (kept) return kept;
    const picture = this.#ask(node, gameId, key);
    this.#kept.set(key, picture);
    if (this.#kept.size > KEEP) this.#kept.delete(this.#kept.keys().next().value!);
    return picture;
  }

  /** Takes a node's answer. False where it was asked for by another coordinator. */
  answered(answer: Answer): boolean {
    const settle = this.#waiting.get(answer.requestId);
    settle?.(answer);
    return settle !== undefined;
  }

  /** A library changed: pictures may be others now. */
  forget(): void {
    this.#kept.clear();
  }

  /** Nothing more is waited for. */
  close(): void {
    for (const settle of this.#waiting.values()) settle(undefined);
  }

  async #ask(node: string, gameId: string, key: string): Promise<Artwork | undefined> {
    const requestId = newId("a");
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    const timer = setTimeout(resolve, ANSWER_MS, undefined);
    this.#waiting.set(requestId, resolve);
    this.send(node, { type: "get-artwork", requestId, gameId });
    const answer = await promise;
    clearTimeout(timer);
    this.#waiting.delete(requestId);
    // A node that was away may have it the next time.
    if (!answer) this.#kept.delete(key);
    if (!answer?.picture) return undefined;
    const { base64, type } = answer.picture;
    try {
      return { body: Uint8Array.fromBase64(base64), type };
    } catch (error) {
      log.warn("expected a picture in base64", { node, game: gameId, error });
      return undefined;
    }
  }
}
