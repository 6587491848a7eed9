import { cstring, errnoText } from "../../ffi/libc.ts";
import { libsystemd } from "../../ffi/libsystemd.ts";

/** What a service may tell systemd, sd_notify(3). */
export interface ServiceState {
  READY?: "1";
  STOPPING?: "1";
  WATCHDOG?: "1";
  /** One line, shown by `systemctl status`. */
  STATUS?: string;
}

/**
 * Tells systemd how this service is. False where it is not run by systemd as a service that speaks
 * (`Type=notify`); so everybody may call this.
 *
 * @throws where systemd gave a socket and it cannot be written to
 */
export function notifySystemd(state: ServiceState): boolean {
  if (!Deno.env.get("NOTIFY_SOCKET")) return false;
  const lines = Object.entries(state).map(([name, value]) =>
    // A line end would begin another assignment.
    `${name}=${String(value).replaceAll(/\p{Cc}+/gu, " ")}`
  );
  const result = libsystemd().sd_notify(0, cstring(lines.join("\n")));
  if (result < 0) throw new Error(`systemd cannot be told ${lines}: ${errnoText(-result)}`);
  return result > 0;
}

/**
 * How long this process may stay silent before systemd kills it (`WatchdogSec=`), in ms; undefined
 * where it is not watched. sd_watchdog_enabled(3).
 */
export function watchdogMs(env = Deno.env.toObject(), pid = Deno.pid): number | undefined {
  if (env.WATCHDOG_PID && env.WATCHDOG_PID !== String(pid)) return undefined;
  const usec = Number(env.WATCHDOG_USEC);
  return /^\d+$/.test(env.WATCHDOG_USEC ?? "") && usec > 0 ? usec / 1000 : undefined;
}
