import type { Host } from "./inventory.ts";
import { ConnectionFailed, type Ssh } from "./ssh.ts";
import { connectionProblem } from "./ssh_failure.ts";
import { BoxSaysNo, printable } from "./box_client.ts";

/** A link that is silent for so long is dead, in seconds. */
const SILENT_SECONDS = 30;
/** rsync's exit codes for a broken connection (rsync(1), EXIT VALUES). */
const BROKEN = [10, 12, 20, 30, 35, 255];

/**
 * Brings files to a box's folder; what is there of them already, from an earlier try or of an earlier
 * version under the same name, is not sent again.
 *
 * By rsync: it finds what the other end has, whichever byte the link died at, and needs no code of
 * ours on the box. `--inplace` writes to the file itself, so a part survives even a power cut of the
 * box. Whether the file is right is checked by the box, by SHA-256, before it is used.
 *
 * @param source  a file, or a folder whose content is sent; ends with "/" then
 * @throws ConnectionFailed where the link broke: trying again goes on from there
 * @throws BoxSaysNo where the box cannot take the files
 */
export async function transfer(
  ssh: Ssh,
  host: Host,
  source: string,
  folder: string,
): Promise<void> {
  const { code, stderr } = await new Deno.Command("rsync", {
    args: [
      "--recursive",
      "--times",
      "--inplace",
      "--partial",
      "--protect-args",
      `--timeout=${SILENT_SECONDS}`,
      ...(source.endsWith("/") ? ["--delete"] : []),
      `--rsh=${ssh.command.map((word) => `"${word}"`).join(" ")}`,
      "--",
      source,
      `${host.name}:${folder}/`,
    ],
    stdin: "null",
    stdout: "null",
    // As in ssh.ts: Ctrl-C is for us.
    detached: true,
    env: { LC_ALL: "C" },
  }).output().catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("rsync is needed on this machine: apt-get install rsync");
  });
  if (code === 0) return;
  const said = new TextDecoder().decode(stderr);
  if (/No space left on device|Disk quota exceeded/.test(said)) {
    throw new BoxSaysNo("disk-full", "The box's disk became full during the transfer");
  }
  if (/rsync: (command )?not found|rsync: No such file/.test(said)) {
    throw new BoxSaysNo("unsupported", "The box has no rsync; install it there");
  }
  if (BROKEN.includes(code)) throw new ConnectionFailed(connectionProblem(host, said));
  throw new BoxSaysNo("failed", `rsync: ${printable(said.trim().split("\n")[0] ?? String(code))}`);
}
