/** What the mock house has: games of every kind, and a machine with good and bad news. */
import type { NodeInfo } from "../../src/protocol/api.ts";
import type { GameInfo } from "../../src/protocol/library.ts";
import { GameInfo as Game } from "../../src/protocol/library.ts";

export const MOCK_GAMES: GameInfo[] = [
  {
    id: "testcard",
    title: "Test card",
    kind: "testcard" as const,
    description: "Moving picture, clock and controls: checks gamepads and latency.",
    players: 4,
  },
  {
    id: "supertux",
    title: "SuperTux",
    kind: "package" as const,
    description:
      "Jump'n'run starring Tux the penguin. Collect coins, stomp badguys and free Penny.",
    license: "GPL-3+",
    source: "deb:supertux",
    version: "0.6.3-4",
    bytes: 184_000_000,
    artwork: "/api/games/supertux/artwork",
    signature: "trusted" as const,
  },
  {
    id: "chromium-bsu",
    title: "Chromium B.S.U.",
    kind: "package" as const,
    description: "Fast paced, arcade-style, scrolling space shooter.",
    license: "Artistic",
    source: "deb:chromium-bsu",
    version: "0.9.16.1-3",
    bytes: 41_000_000,
    artwork: "/api/games/chromium-bsu/artwork",
  },
  {
    id: "neverball",
    title: "Neverball",
    kind: "package" as const,
    source: "deb:neverball",
    version: "1.6.0",
    bytes: 92_000_000,
    wants: ["gpu" as const],
  },
  {
    id: "armagetronad",
    title: "Armagetron Advanced",
    kind: "package" as const,
    source: "deb:armagetronad",
    players: 4,
  },
  { id: "frozen-bubble", title: "Frozen-Bubble", kind: "package" as const, players: 2 },
  { id: "extreme-tux-racer", title: "Extreme Tux Racer", kind: "package" as const },
].map((game) => Game.parse(game));

const scene =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" width="640" height="400">
<defs><linearGradient id="s" x1="0" y1="0" x2="0" y2="1"><stop stop-color="#2a6bb0"/>
<stop offset="1" stop-color="#cfe8ff"/></linearGradient></defs>
<rect width="640" height="400" fill="url(#s)"/><circle cx="520" cy="90" r="42" fill="#fff3c0"/>
<path d="M0 290l120-110 90 80 110-140 150 170 90-60 80 60v110H0z" fill="#f6fbff"/>
<path d="M0 330q160-50 320 0t320 0v70H0z" fill="#bcd7ee"/></svg>`;
const icon =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128" width="128" height="128">
<path d="M64 8l18 60 34 30-34 4-18 18-18-18-34-4 34-30z" fill="#e9ecf2" stroke="#5a6478" stroke-width="3"/>
<circle cx="64" cy="62" r="10" fill="#57c7ff"/></svg>`;

/** Artwork by game id, SVG. */
export const MOCK_ART: Record<string, string> = { "supertux": scene, "chromium-bsu": icon };

export const MOCK_NODE: NodeInfo = {
  name: "gamelan",
  connected: true,
  version: "0.1.0",
  load: 0.42,
  freeMemoryMb: 11800,
  capabilities: [
    {
      id: "encoder",
      title: "Video encoder",
      status: "ok",
      evidence: "libavcodec 59.37.100, libx264 encodes 1280×720 in 2.4 ms",
    },
    {
      id: "sandbox",
      title: "Sandbox",
      status: "ok",
      evidence: "bubblewrap 0.8.0, user namespaces, overlay mounted by the kernel",
    },
    {
      id: "sound",
      title: "Sound",
      status: "warning",
      evidence: "PulseAudio 16.1 instead of PipeWire: 12 ms more delay is possible",
      fix: "apt-get install pipewire pipewire-pulse",
    },
    {
      id: "uinput",
      title: "Gamepads",
      status: "missing",
      evidence: "/dev/uinput does not exist",
      fix: "modprobe uinput, and give the gamelan user access to it",
    },
  ],
};
