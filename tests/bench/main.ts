/**
 * `deno task bench [--json FILE] [--only NAME] [--quick]`: measures, prints a Markdown table, and
 * writes JSON as a list of {name, unit, n, p50, p90, p99, peer, peerP50, ratio, target}.
 *
 * Never part of the tests: the machine is shared, and a figure is no verdict on the code.
 */
import { parseArgs } from "node:util";
import { cases } from "./cases/all.ts";
import type { Result } from "./result.ts";
import { row, table } from "./table.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      json: { type: "string" },
      only: { type: "string", multiple: true },
      quick: { type: "boolean", default: false },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log("deno task bench [--json FILE] [--only NAME]… [--quick]\n");
    for (const { name, summary } of cases) console.log(`  ${name.padEnd(18)} ${summary}`);
    return 0;
  }
  for (const name of values.only ?? []) {
    if (!cases.some((candidate) => candidate.name === name)) {
      console.error(`expected one of ${cases.map((c) => c.name).join(", ")}; got ${name}`);
      return 2;
    }
  }
  const results: Result[] = [];
  let failed = 0;
  for (const benchmark of cases) {
    if (values.only && !values.only.includes(benchmark.name)) continue;
    console.error(`── ${benchmark.name}: ${benchmark.summary}`);
    try {
      const measured = await benchmark.run({
        quick: values.quick,
        log: (text) => console.error(`   ${text}`),
      });
      results.push(...measured);
      for (const result of measured) console.error(row(result));
    } catch (error) {
      failed++;
      console.error(`   failed: ${error instanceof Error ? error.stack : error}`);
    }
    if (values.json) await Deno.writeTextFile(values.json, JSON.stringify(results, null, 2) + "\n");
  }
  console.log(table(results));
  return failed > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
