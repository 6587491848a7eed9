/**
 * The relation of the session's clock to this page's, from pings over the control channel. The
 * sample with the shortest round trip of the last ones bounds the error best (as NTP's clock filter
 * does, RFC 5905, section 10).
 */
const KEPT = 12;

export class ClockRelation {
  #samples: { rttMs: number; offsetMs: number }[] = [];

  /** Takes one answered ping: sent and received on the page's clock, `sessionNow` in between. */
  add(sentMs: number, receivedMs: number, sessionNow: number): void {
    const rttMs = receivedMs - sentMs;
    if (!(rttMs >= 0 && rttMs < 10000)) return;
    this.#samples.push({ rttMs, offsetMs: sessionNow - (sentMs + rttMs / 2) });
    if (this.#samples.length > KEPT) this.#samples.shift();
  }

  get #best(): { rttMs: number; offsetMs: number } | undefined {
    return this.#samples.reduce<{ rttMs: number; offsetMs: number } | undefined>(
      (best, sample) => best && best.rttMs <= sample.rttMs ? best : sample,
      undefined,
    );
  }

  /** Shortest round trip of the last pings, ms. */
  get rttMs(): number | undefined {
    return this.#best?.rttMs;
  }

  /** A moment of the session's clock on the page's. */
  toPage(sessionMs: number): number | undefined {
    const best = this.#best;
    return best && sessionMs - best.offsetMs;
  }

  /** After a reconnect, which may lead to another machine's clock. */
  clear(): void {
    this.#samples = [];
  }
}
