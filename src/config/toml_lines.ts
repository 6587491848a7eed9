/**
 * Where the keys of a TOML document stand: dotted path → line (from 1). The document must already
 * have been accepted by the TOML parser, which keeps no positions of its own. Only statement keys and
 * table headers are listed; keys within inline tables count to the line of their statement.
 */
export function tomlLines(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  let table: string[] = [];
  let line = 1;
  for (let at = 0; at < text.length;) {
    const start = line;
    const { end, body, newlines } = statement(text, at);
    at = end;
    line += newlines;
    const header = body.match(/^\s*\[\[?([^\]]*)\]/);
    if (header) {
      table = keyPath(header[1]);
      remember(lines, table, start);
      continue;
    }
    const equals = keyEnd(body);
    if (equals < 0) continue;
    remember(lines, [...table, ...keyPath(body.slice(0, equals))], start);
  }
  return lines;
}

/** A path and its parents, each by its first line. */
function remember(lines: Map<string, number>, path: string[], line: number): void {
  for (let length = 1; length <= path.length; length++) {
    const key = path.slice(0, length).join(".");
    if (!lines.has(key)) lines.set(key, line);
  }
}

/** One statement from `at`: ends at a newline that is in no string and in no bracket. */
function statement(text: string, at: number): { end: number; body: string; newlines: number } {
  let depth = 0;
  let newlines = 0;
  let body = "";
  let position = at;
  while (position < text.length) {
    const char = text[position];
    if (char === '"' || char === "'") {
      const end = stringEnd(text, position);
      const piece = text.slice(position, end);
      newlines += piece.split("\n").length - 1;
      body += piece;
      position = end;
      continue;
    }
    if (char === "#") {
      while (position < text.length && text[position] !== "\n") position++;
      continue;
    }
    position++;
    if (char === "\n") {
      newlines++;
      if (depth === 0) break;
    }
    if (char === "[" || char === "{") depth++;
    if (char === "]" || char === "}") depth--;
    body += char;
  }
  return { end: position, body, newlines };
}

/** The position after the string (of any of TOML's four kinds) that starts at `at`. */
function stringEnd(text: string, at: number): number {
  const quote = text[at];
  const mark = text.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  let position = at + mark.length;
  while (position < text.length && !text.startsWith(mark, position)) {
    position += quote === '"' && text[position] === "\\" ? 2 : 1;
  }
  return Math.min(text.length, position + mark.length);
}

/** Where the key of a statement ends: at its first `=` outside of quotes. */
function keyEnd(body: string): number {
  for (let at = 0; at < body.length;) {
    if (body[at] === "=") return at;
    at = body[at] === '"' || body[at] === "'" ? stringEnd(body, at) : at + 1;
  }
  return -1;
}

function keyPath(text: string): string[] {
  const parts = text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+)/g);
  return [...parts].map((part) => part[1] ?? part[2] ?? part[3]);
}
