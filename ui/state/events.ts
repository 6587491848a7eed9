/** The events WebSocket: connects while someone is signed in, comes back by itself. */
import { HouseEvent } from "../../src/protocol/api.ts";
import { applyEvent, online } from "./house.ts";
import { Backoff } from "./backoff.ts";

/** Address of a WebSocket of this house. */
export function socketUrl(path: string): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}

/** Starts listening; the answer stops it. */
export function listenToHouse(): () => void {
  const backoff = new Backoff(500, 8000);
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const connect = () => {
    socket = new WebSocket(socketUrl("/api/events"));
    socket.onopen = () => {
      backoff.reset();
      online.value = true;
    };
    socket.onmessage = (message) => {
      const event = parseJson(message.data);
      const parsed = HouseEvent.safeParse(event);
      if (parsed.success) applyEvent(parsed.data);
      else console.error("unexpected house event", event, parsed.error);
    };
    socket.onclose = () => {
      if (stopped) return;
      // One failed attempt may be a restart; two are "offline".
      if (backoff.attempts > 0) online.value = false;
      timer = setTimeout(connect, backoff.next());
    };
  };
  const wake = () => {
    if (stopped || online.value) return;
    clearTimeout(timer);
    socket?.close();
    connect();
  };
  connect();
  addEventListener("online", wake);
  return () => {
    stopped = true;
    clearTimeout(timer);
    removeEventListener("online", wake);
    socket?.close();
  };
}

/** JSON or undefined. */
export function parseJson(text: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
