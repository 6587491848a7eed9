/** Exit codes of every command; documented in the README and in `gamelan --help`. */
export const ExitCode = {
  ok: 0,
  /** It was tried and did not work; the reason is on standard error. */
  failure: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Something must be installed first, and this user may not; the line to run was printed. */
  needsInstall: 3,
  /** The configuration is wrong; each problem was named. */
  config: 4,
} as const;

/** The command line is wrong; the message says what was expected. */
export class UsageError extends Error {
  override name = "UsageError";
}
