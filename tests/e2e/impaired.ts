/** Puts a UDP relay between a page and its session, by rewriting the candidates on their way. */
import type { Page } from "playwright-core";
import { type Impairment, UdpRelay } from "../tools/relay.ts";

export interface ImpairedPath extends AsyncDisposable {
  /** Nothing passes while true. */
  cut: boolean;
  /** What happens to packets in each direction from now on. */
  change(impairment: Partial<Impairment>): Promise<void>;
  /** Closes the page's signalling WebSocket from the middle. */
  dropSignalling(): Promise<void>;
}

const CANDIDATE = /(candidate:\S+ \d+ udp \d+ )(127\.0\.0\.1) (\d+)/gi;

/** From the next connection on, the page's media runs through relays of loopback. */
export async function impair(page: Page): Promise<ImpairedPath> {
  const byPort = new Map<number, Promise<UdpRelay>>();
  let isCut = false;
  let present: Partial<Impairment> = {};
  const spoil = (relay: UdpRelay) => {
    for (const direction of [relay.down, relay.up]) Object.assign(direction.impairment, present);
  };
  let drop = () => Promise.resolve();
  const relayed = async (text: string): Promise<string> => {
    for (const [whole, head, address, port] of text.matchAll(CANDIDATE)) {
      const opening = byPort.get(Number(port)) ?? UdpRelay.start({ targetPort: Number(port) });
      byPort.set(Number(port), opening);
      const relay = await opening;
      relay.cut = isCut;
      spoil(relay);
      text = text.replace(whole, `${head}${address} ${relay.port}`);
    }
    return text;
  };
  await page.routeWebSocket(/\/signal$/, (socket) => {
    const server = socket.connectToServer();
    drop = () => socket.close({ code: 4000, reason: "cut by the test" });
    socket.onMessage((message) => {
      // The session must not find a way around the relay.
      const text = String(message).replace(/a=candidate:[^\\]*\\r\\n/g, "");
      if (JSON.parse(text).type !== "candidate") server.send(text);
    });
    let order = Promise.resolve();
    server.onMessage((message) => {
      order = order.then(async () => socket.send(await relayed(String(message))));
    });
  });
  const opened = () => Promise.all(byPort.values());
  const path: ImpairedPath = {
    get cut() {
      return isCut;
    },
    set cut(value) {
      isCut = value;
      opened().then((relays) => relays.forEach((relay) => relay.cut = value));
    },
    async change(impairment) {
      present = { ...present, ...impairment };
      (await opened()).forEach(spoil);
    },
    dropSignalling: () => drop(),
    async [Symbol.asyncDispose]() {
      for (const relay of await opened()) await relay.close();
    },
  };
  return path;
}
