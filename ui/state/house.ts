/** What the pages know about the house, kept up to date by the events WebSocket. */
import { computed, signal } from "@preact/signals";
import type { HouseEvent, HouseState, LibraryState, NodeInfo } from "../../src/protocol/api.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { api, ApiFailure } from "./api.ts";

export const house = signal<HouseState | undefined>(undefined);
export const library = signal<LibraryState | undefined>(undefined);
export const sessions = signal<SessionInfo[]>([]);
export const nodes = signal<NodeInfo[]>([]);
/** Whether the house answers. */
export const online = signal(true);

export const isOwner = computed(() => house.value?.user?.role === "owner");

const isOver = (session: SessionInfo) => session.state === "ended" || session.state === "failed";

/** Sessions that can be resumed, newest first. */
export const runningSessions = computed(() =>
  sessions.value.filter((session) => !isOver(session)).sort((a, b) => b.startedAt - a.startedAt)
);

/** What whoever is signed in may do in a session: null where they only know that it runs. */
export function partIn(session: SessionInfo): "own" | "join" | "watch" | null {
  if (session.owner === house.value?.user?.id) return "own";
  if (session.sharing !== "private") return session.sharing;
  return house.value?.guestSession === session.id ? "join" : null;
}

/** Asks who we are; leaves the old answer in place where the house does not answer. */
export async function loadHouse(): Promise<void> {
  try {
    house.value = await api.state();
    online.value = true;
  } catch (error) {
    if (error instanceof ApiFailure && error.error === "offline") online.value = false;
    throw error;
  }
}

/** Takes one message of `/api/events` into the signals. */
export function applyEvent(event: HouseEvent): void {
  switch (event.type) {
    case "library":
      library.value = event.library;
      break;
    case "sessions":
      sessions.value = event.sessions;
      break;
    case "session":
      sessions.value = replaceById(sessions.value, event.session);
      break;
    case "import":
      if (library.value) {
        library.value = {
          ...library.value,
          imports: replaceById(library.value.imports, event.job),
        };
      }
      break;
    case "nodes":
      nodes.value = event.nodes;
      break;
  }
}

/** The list with `item` in the place of the one with its id, or at the end. */
export function replaceById<Item extends { id: string }>(list: Item[], item: Item): Item[] {
  const known = list.some((other) => other.id === item.id);
  return known ? list.map((other) => other.id === item.id ? item : other) : [...list, item];
}
