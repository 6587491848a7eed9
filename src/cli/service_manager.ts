import { logger } from "../system/log.ts";
import { notifySystemd, watchdogMs } from "../system/sd_notify.ts";

const log = logger("serve");
const READY_POLL_MS = 200;
/** What `readyz` may take to answer where no watchdog says otherwise. */
const ANSWER_MS = 10_000;

export interface SupervisedHouse {
  /** Of this machine's own listener, such as `http://localhost:8080`. */
  url: string;
  /** Called before each report: what `systemctl status` shows. */
  status: () => string;
}

/**
 * Tells systemd that the house is ready when it answers a request, and goes on telling that it lives
 * while it answers them: a house that hangs is killed and started again. Does nothing elsewhere.
 *
 * Returns what is to be called when the house stops; with `again`, it comes back in this process.
 */
export async function reportToServiceManager(
  house: SupervisedHouse,
): Promise<(again?: boolean) => void> {
  if (!Deno.env.get("NOTIFY_SOCKET")) return () => {};
  const limit = watchdogMs();
  const patience = limit === undefined ? ANSWER_MS : limit / 3;
  while (!await answers(house.url, patience)) {
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
  notifySystemd({ READY: "1", STATUS: house.status() });
  const timer = limit === undefined ? undefined : setInterval(async () => {
    try {
      if (await answers(house.url, patience)) {
        notifySystemd({ WATCHDOG: "1", STATUS: house.status() });
      } else log.error("the house does not answer itself", { within: `${patience} ms` });
    } catch (error) {
      log.error("systemd was not told", { error });
    }
  }, patience);
  return (again = false) => {
    clearInterval(timer);
    if (again) notifySystemd({ STATUS: "Restoring a backup" });
    else notifySystemd({ STOPPING: "1", STATUS: "Stopping" });
  };
}

/** Feeds systemd's watchdog while `work` goes on without a house that could answer. */
export async function whileAway<T>(work: Promise<T>): Promise<T> {
  const limit = watchdogMs();
  if (limit === undefined) return await work;
  const timer = setInterval(() => notifySystemd({ WATCHDOG: "1" }), limit / 3);
  try {
    return await work;
  } finally {
    clearInterval(timer);
  }
}

/** Whether the house says over HTTP that it is ready. */
async function answers(url: string, patienceMs: number): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(patienceMs) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
