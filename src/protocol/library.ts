import { z } from "zod";
import { Id } from "./session.ts";

/**
 * What a game needs beside window, sound and gamepads. `evdev`: keyboard, mouse and touch screen as
 * devices in /dev/input, for games that read them there and not from their window.
 */
export const GameWant = z.enum(["network", "gpu", "x11", "evdev"]);
export type GameWant = z.infer<typeof GameWant>;

/** A game as the library shows it. */
export const GameInfo = z.object({
  id: Id,
  title: z.string(),
  /** `testcard` is built in; the others are packages. */
  kind: z.enum(["testcard", "package"]),
  description: z.string().default(""),
  license: z.string().default(""),
  /** Where it was imported from, such as `deb:supertux`. */
  source: z.string().default(""),
  version: z.string().default(""),
  /** Package file's bytes. */
  bytes: z.number().default(0),
  players: z.number().int().min(1).default(1),
  wants: z.array(GameWant).default([]),
  /** Path of the artwork under the API, absent where there is none. */
  artwork: z.string().optional(),
  /** Signed by a key this machine trusts, unsigned, or not checked. */
  signature: z.enum(["trusted", "unsigned", "untrusted"]).default("unsigned"),
});
export type GameInfo = z.infer<typeof GameInfo>;

/** An import that runs or ended. */
export const ImportJob = z.object({
  id: Id,
  source: z.string(),
  state: z.enum(["waiting", "running", "done", "failed"]),
  /** What it does now, such as "Downloading 12 of 40 packages". */
  step: z.string(),
  /** 0–1 */
  progress: z.number(),
  gameId: Id.optional(),
  error: z.string().optional(),
});
export type ImportJob = z.infer<typeof ImportJob>;

/** Something this node can or cannot do, with evidence; the rows of `gamelan doctor`. */
export const Capability = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(["ok", "warning", "missing"]),
  /** What was seen, such as "libavcodec 59.37.100, libx264 encodes 1280×720 in 2.4 ms". */
  evidence: z.string(),
  /** What to do about it. */
  fix: z.string().optional(),
});
export type Capability = z.infer<typeof Capability>;
