/**
 * Which viewers hold which keys (or buttons). The game sees a code go down with the first viewer
 * that presses it and up with the last that lets go.
 */
export class HeldCodes {
  readonly #holders = new Map<number, Set<string>>();

  /** True where the game shall see it go down. */
  press(viewerId: string, code: number): boolean {
    const holders = this.#holders.get(code);
    if (holders === undefined) {
      this.#holders.set(code, new Set([viewerId]));
      return true;
    }
    holders.add(viewerId);
    return false;
  }

  /** True where the game shall see it go up. */
  release(viewerId: string, code: number): boolean {
    const holders = this.#holders.get(code);
    if (!holders?.delete(viewerId) || holders.size > 0) return false;
    this.#holders.delete(code);
    return true;
  }

  /** Whether this viewer holds it. */
  holds(viewerId: string, code: number): boolean {
    return this.#holders.get(code)?.has(viewerId) ?? false;
  }

  /** Everything this viewer holds, in the order in which it went down. */
  of(viewerId: string): number[] {
    return [...this.#holders].filter(([, holders]) => holders.has(viewerId)).map(([code]) => code);
  }
}

/** Touch points of a Wayland seat or a touch screen: 0–31 for all viewers together. */
const MAX_TOUCHES = 32;

/** Gives each finger of each viewer an id of its own on the game's side. */
export class HeldTouches {
  /** By viewer: its own ids to the game's. */
  readonly #viewers = new Map<string, Map<number, number>>();
  readonly #used = new Set<number>();

  /** The game's id of a finger that goes down; undefined where it is down or there are too many. */
  press(viewerId: string, id: number): number | undefined {
    if (this.get(viewerId, id) !== undefined) return undefined;
    let free = 0;
    while (this.#used.has(free)) free++;
    if (free >= MAX_TOUCHES) return undefined;
    const ids = this.#viewers.get(viewerId) ?? new Map<number, number>();
    this.#viewers.set(viewerId, ids.set(id, free));
    this.#used.add(free);
    return free;
  }

  /** The game's id of a finger that is down. */
  get(viewerId: string, id: number): number | undefined {
    return this.#viewers.get(viewerId)?.get(id);
  }

  /** The game's id of a finger that was down and now is not. */
  release(viewerId: string, id: number): number | undefined {
    const held = this.get(viewerId, id);
    if (held === undefined) return undefined;
    const ids = this.#viewers.get(viewerId)!;
    ids.delete(id);
    if (ids.size === 0) this.#viewers.delete(viewerId);
    this.#used.delete(held);
    return held;
  }

  /** The viewer's own ids of the fingers it has down. */
  of(viewerId: string): number[] {
    return [...this.#viewers.get(viewerId)?.keys() ?? []];
  }
}
