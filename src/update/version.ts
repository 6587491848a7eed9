import { z } from "zod";

/**
 * The version of a system image: one to four numbers. Nothing else is allowed, so that our order is
 * that of systemd-sysupdate (UAPI.10 Version Format Specification), which sorts words in its own way.
 */
export const SystemVersion = z.string().regex(
  /^(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){0,3}$/,
  'expected one to four numbers, such as "0.2.0"',
);
export type SystemVersion = z.infer<typeof SystemVersion>;

/** Below 0 where `a` is older than `b`, 0 where they are the same, above 0 where it is newer. */
export function compareVersions(a: SystemVersion, b: SystemVersion): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    // 1.2 is older than 1.2.0, as in the specification.
    const difference = (left[part] ?? -1) - (right[part] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
