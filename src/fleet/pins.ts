/** Host keys, pinned by the name in the inventory the first time a box is provisioned. */
import { sshFingerprint } from "../system/ssh_fingerprint.ts";
import { removeFile, replaceFile } from "./durable_file.ts";
import type { Host } from "./inventory.ts";
import { ConnectionFailed, type Ssh } from "./ssh.ts";
import { knownHostsFile } from "./ssh_config.ts";
import { connectionProblem } from "./ssh_failure.ts";

export interface Pin {
  name: string;
  type: string;
  /** As `ssh-keygen -l` writes it. */
  fingerprint: string;
}

export class Pins {
  readonly #file: string;

  constructor(readonly ssh: Ssh) {
    this.#file = knownHostsFile(ssh.folders);
  }

  list(): Pin[] {
    return this.#lines().map((line) => {
      const [name, type, key] = line.split(" ");
      return { name, type, fingerprint: sshFingerprint(key ?? "") };
    });
  }

  /**
   * Connects to a box and pins the host key that it shows, and those of jumps on the way. A box that
   * is pinned already must show its pinned key.
   *
   * @throws ConnectionFailed
   */
  async pin(host: Host): Promise<void> {
    // A jump is an ssh process of its own that gets our configuration file but not our -o.
    const relaxed = `${this.#file}.pinning-${host.name}`;
    const config = await Deno.readTextFile(this.ssh.command[2]);
    replaceFile(
      relaxed,
      config.replace("StrictHostKeyChecking yes", "StrictHostKeyChecking accept-new")
        .replace("ControlMaster auto", "ControlMaster no"),
    );
    try {
      const { code, stderr } = await new Deno.Command("ssh", {
        args: ["-F", relaxed, "-o", "ControlPath=none", "-n", "--", host.name, "true"],
        stdin: "null",
      }).output();
      if (code === 255) {
        throw new ConnectionFailed(connectionProblem(host, new TextDecoder().decode(stderr)));
      }
    } finally {
      removeFile(relaxed);
    }
  }

  /** Forgets a pinned key. @returns whether there was one */
  async forget(host: Host): Promise<boolean> {
    await this.ssh.disconnect(host);
    const lines = this.#lines();
    const left = lines.filter((line) => line.split(" ")[0] !== host.name);
    if (left.length === lines.length) return false;
    replaceFile(this.#file, [...left, ""].join("\n"));
    return true;
  }

  #lines(): string[] {
    try {
      return Deno.readTextFileSync(this.#file).split("\n").filter((line) => line.trim() !== "");
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }
}
