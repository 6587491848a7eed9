import type { VideoMode } from "../../src/protocol/session.ts";

/** The modes that targets are set for. */
export const MODES: VideoMode[] = [
  { width: 1280, height: 720, fps: 60 },
  { width: 1920, height: 1080, fps: 60 },
];

export { modeName } from "../../src/cli/bench/machine.ts";

/** bit/s that a picture of this size gets on a good network. */
export const bitrateOf = ({ height }: VideoMode) => height > 720 ? 20_000_000 : 12_000_000;
