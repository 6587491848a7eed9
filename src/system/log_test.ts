import assert from "node:assert/strict";
import { logger, logSettings } from "./log.ts";

Deno.test("lines are one JSON object with level, scope, fields and causes of errors", () => {
  const before = { ...logSettings };
  const lines: string[] = [];
  Object.assign(logSettings, { json: true, level: "info", write: (l: string) => lines.push(l) });
  try {
    const log = logger("display", { session: "s1" });
    log.debug("not written");
    log.with({ client: 3 }).error("closed", {
      error: new Error("bad", { cause: new TypeError("worse") }),
    });
  } finally {
    Object.assign(logSettings, before);
  }
  assert.equal(lines.length, 1);
  const entry = JSON.parse(lines[0]);
  assert.deepEqual(
    [entry.level, entry.scope, entry.session, entry.client, entry.error],
    ["error", "display", "s1", 3, "Error: bad; because TypeError: worse"],
  );
});
