/** Sentences for the player about what went wrong. */
import { stripVTControlCharacters } from "node:util";
import type { GameExit } from "../media/stages.ts";
import type { ControlToViewer } from "../protocol/control.ts";

export function soundNotice(problem: string): ControlToViewer {
  return warning(`No sound: ${problem}`);
}

export function warning(text: string): ControlToViewer {
  return { type: "notice", level: "warning", text };
}

/** Messages of errors begin in lower case; what a player reads does not. */
export function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Why a game's exit is a failure; undefined for a normal end. `tail`: its last lines of output. */
export function exitFailure(exit: GameExit, tail: string[]): string | undefined {
  const last = tail.map((line) => stripVTControlCharacters(line).trim()).filter(Boolean).at(-1);
  const said = last ? ` Its last words: ${last.slice(0, 200)}` : "";
  if (exit.outOfMemory) return "The game used more memory than it is allowed and was stopped.";
  if (exit.signal) return `The game crashed (${exit.signal}).${said}`;
  if (exit.code) return `The game ended with error code ${exit.code}.${said}`;
  return undefined;
}
