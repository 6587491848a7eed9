/** Resolves with the first SIGINT or SIGTERM. A second SIGINT ends the process at once. */
export function stopSignal(): Promise<"SIGINT" | "SIGTERM"> {
  const { promise, resolve } = Promise.withResolvers<"SIGINT" | "SIGTERM">();
  let seen = false;
  Deno.addSignalListener("SIGINT", () => {
    if (seen) Deno.exit(130);
    seen = true;
    resolve("SIGINT");
  });
  Deno.addSignalListener("SIGTERM", () => resolve("SIGTERM"));
  return promise;
}
