import { basename } from "node:path";

/** The version of the image `disk`, by its name. */
export function versionOf(disk: string): string {
  return /_([\d.]+)\.raw$/.exec(basename(disk))![1];
}

/** The version of the image `disk`, and `count` ones after it that are as long. */
export function nextVersions(disk: string, count: number): string[] {
  const version = versionOf(disk);
  const parts = version.split(".").map(Number);
  const versions = Array.from({ length: count + 1 }, (_, step) => {
    const last = parts.length - 1;
    return [...parts.slice(0, last), parts[last] + step].join(".");
  });
  if (versions.some((one) => one.length !== version.length)) {
    throw new Error(`expected a version whose last number can rise by ${count}, got ${version}`);
  }
  return versions;
}
