/** What the mock house's machine has and does: network, SSH keys, backups. */
import { UPLOAD_PIECE } from "../../src/protocol/machine.ts";
import type { BackupJob, NetworkState, SshKey, WiredSetting } from "../../src/protocol/machine.ts";

const hex = (text: string) => new TextEncoder().encode(text).toHex();
export const HOME = hex("Kampung 5G");
export const PASSPHRASE = "bonang barung";

export class MockMachine {
  network: NetworkState = {
    interfaces: [
      {
        name: "enp3s0",
        kind: "wired",
        up: true,
        mac: "52:54:00:9a:1c:07",
        speed: 1000,
        addresses: ["192.168.1.20/24", "fd00:1::20/64"],
        gateway: "192.168.1.1",
        setting: null,
      },
      {
        name: "wlan0",
        kind: "wifi",
        up: false,
        mac: "52:54:00:9a:1c:08",
        speed: null,
        addresses: [],
        gateway: null,
        setting: null,
      },
    ],
    wifi: {
      state: "disconnected",
      networks: [
        network("Kampung 5G", "psk", -48),
        network("Café Gong – free", "open", -66),
        network('"; reboot <b>x</b>\\n', "psk", -74),
        network("Office", "8021x", -83),
        { ...network("Old flat", "psk", null), known: true },
      ],
    },
    pending: null,
  };
  keys: SshKey[] = [];
  job: BackupJob | undefined;
  upload = { id: "r-1", bytes: 0, received: 0 };
  run = "first";

  /** An answer, or undefined where it is none of the machine's requests. */
  answer(
    method: string,
    url: URL,
    body: Record<string, unknown>,
    password: string,
  ): Response | undefined {
    const path = url.pathname.slice("/api".length);
    const fail = (status: number, error: string, message: string) =>
      Response.json({ error, message }, { status });
    if (body?.password !== undefined && body.password !== password && !path.includes("wifi")) {
      return fail(403, "forbidden", "The password is wrong.");
    }
    switch (`${method} ${path}`) {
      case "GET /machine/network":
        return Response.json(this.network);
      case "POST /machine/wifi/scan":
        return Response.json({});
      case "POST /machine/wifi/connect":
        if (body.ssid === HOME && body.passphrase !== PASSPHRASE) {
          return fail(409, "conflict", "Kampung 5G was not joined. Check the passphrase.");
        }
        this.network.wifi.state = "connected";
        for (const one of this.network.wifi.networks) {
          one.connected = one.ssid === body.ssid;
          one.known ||= one.connected;
        }
        this.network.interfaces[1].addresses = ["192.168.1.31/24"];
        return Response.json(this.network);
      case "POST /machine/wired": {
        const until = Date.now() + 60_000;
        const setting = body.setting as WiredSetting;
        this.network.interfaces[0].setting = setting;
        this.network.pending = { name: "enp3s0", until };
        const address = setting.method === "fixed" ? setting.address : null;
        return Response.json({ until, token: "token", address });
      }
      case "POST /machine/wired/keep":
        if (body.token !== "token") return fail(404, "not-found", "It was taken back already.");
        this.network.pending = null;
        return Response.json({});
      case "GET /machine/ssh-keys":
        return Response.json({ keys: this.keys });
      case "POST /machine/ssh-keys":
        if (!String(body.key).startsWith("ssh-")) {
          return fail(409, "conflict", "Expected a public key such as “ssh-ed25519 AAAA… name”.");
        }
        this.keys.push({
          fingerprint: "SHA256:kq3Jm0XbWcK6l1n9s0rVt7uYwZ2aB4cD5eF6gH8iJ9k",
          type: "ssh-ed25519",
          comment: String(body.key).split(" ")[2] ?? "",
        });
        return Response.json({ keys: this.keys });
      case "DELETE /machine/ssh-keys":
        this.keys = [];
        return Response.json({ keys: this.keys });
      case "POST /machine/factory-reset":
        return Response.json({}, { status: 202 });
      case "POST /backups":
        this.job = { id: "b-1", state: "packing", part: "saves", bytes: null, reason: null };
        return Response.json(this.job, { status: 202 });
      case "GET /backups/b-1":
        this.job = { ...this.job!, state: "ready", part: null, bytes: 48_300_000 };
        return Response.json(this.job);
      case "GET /restores":
        return Response.json({ run: this.run, failure: null });
      case "POST /restores":
        this.upload = { id: "r-1", bytes: Number(body.bytes), received: 0 };
        return Response.json(this.upload, { status: 201 });
      case "PUT /restores/r-1": {
        const left = this.upload.bytes - this.upload.received;
        this.upload.received += Math.min(left, UPLOAD_PIECE);
        return Response.json(this.upload);
      }
      case "GET /restores/r-1":
        return Response.json({
          host: "gamelan",
          createdAt: "2026-11-20T18:00:00.000Z",
          gamelan: "0.1.0",
          parts: [{ name: "users", bytes: 20_000 }, { name: "saves", bytes: 48_000_000 }],
        });
      case "POST /restores/r-1/start":
        this.run = "second";
        return Response.json({ seconds: 1 }, { status: 202 });
    }
    return undefined;
  }
}

function network(name: string, security: "psk" | "open" | "8021x", signal: number | null) {
  return { ssid: hex(name), name, security, signal, connected: false, known: false };
}
