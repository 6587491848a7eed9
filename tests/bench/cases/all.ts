import type { Case } from "../result.ts";

/** All benchmarks, in the order they run. */
export const cases: Case[] = [];
