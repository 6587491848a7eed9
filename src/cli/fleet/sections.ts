import type { Each } from "./each.ts";

/** Prints what boxes said, each under its name. */
export function printSections<T>(results: Each<T>[], text: (result: T) => string): void {
  for (const each of results) {
    console.log(`== ${each.host}`);
    console.log(clean(each.ok ? text(each.result) : each.message).trimEnd());
  }
}

/** A box must not move the operator's cursor, or worse: no control characters but newline and tab. */
function clean(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, "");
}

/** The same for a place where a line is one line. */
export function oneLine(text: string): string {
  return clean(text).replaceAll(/[\n\t]+/g, " ");
}
