/**
 * Test doubles of the programs by which an appliance's page works: busctl with an iwd behind it, ip,
 * networkctl, bootctl and systemctl. They answer from files in a folder, and write down what they were asked.
 */
import { join } from "node:path";

const WIFI = "net.connman.iwd";

export interface FakeNetwork {
  /** Bytes of the name, hexadecimal. */
  ssid: string;
  security: string;
  /** dBm; absent: remembered, out of reach. */
  signal?: number;
  known?: boolean;
}

const busctl = `#!/bin/sh
cd "$(dirname "$0")/../state"
for word; do method=$last; last=$word; done
# … call SERVICE PATH INTERFACE METHOD
while [ "$1" != call ]; do shift; done
echo "busctl $3 $4 $5" >>calls
case $5 in
  GetManagedObjects) [ -e no-iwd ] && { echo "Call failed: no such service" >&2; exit 1; }; cat objects.json ;;
  GetOrderedNetworks) cat ordered.json ;;
  Connect)
    [ ! -e asks ] || { rm asks; echo "Call failed: No Agent registered" >&2; exit 1; }
    if cmp -s "../iwd/$(cat file)" wanted; then cp connected.json objects.json; exit 0; fi
    touch asks
    echo "Call failed: Operation failed" >&2; exit 1 ;;
  Scan) [ -e scanning ] && { echo "Call failed: Operation already in progress" >&2; exit 1; }; exit 0 ;;
  *) exit 0 ;;
esac
`;
const ip = `#!/bin/sh
cd "$(dirname "$0")/../state"
case "$*" in *route*) cat routes.json ;; *) cat links.json ;; esac
`;
const bootctl = `#!/bin/sh
cd "$(dirname "$0")/../state"
echo "bootctl $*" >>calls
[ "$1" != list ] || cat entries.json
`;
const logging = `#!/bin/sh
cd "$(dirname "$0")/../state"
echo "$(basename "$0") $*" >>calls
[ ! -e "$(basename "$0")-fails" ]
`;

export class FakeSystem {
  readonly #path = Deno.env.get("PATH")!;

  private constructor(readonly folder: string) {}

  static async start(): Promise<FakeSystem> {
    const folder = await Deno.makeTempDir({ prefix: "gamelan-appliance-" });
    const system = new FakeSystem(folder);
    for (const name of ["bin", "state", "iwd", "run", "kept", "sysfs"]) {
      await Deno.mkdir(join(folder, name));
    }
    const programs = { busctl, ip, bootctl, networkctl: logging, systemctl: logging };
    for (const [name, text] of Object.entries(programs)) {
      await Deno.writeTextFile(join(folder, "bin", name), text, { mode: 0o755 });
    }
    for (const name of ["enp1s0", "wlan0"]) {
      await Deno.mkdir(join(folder, "sysfs", name, "device"), { recursive: true });
    }
    await Deno.mkdir(join(folder, "sysfs/wlan0/phy80211"));
    await Deno.mkdir(join(folder, "sysfs/veth7"));
    await Deno.writeTextFile(join(folder, "sysfs/enp1s0/speed"), "1000\n");
    await system.state("links.json", [
      link("lo", "loopback", "127.0.0.1", 8, "host"),
      link("enp1s0", "ether", "192.168.1.20", 24),
      link("wlan0", "ether"),
      link("veth7", "ether", "10.9.9.1", 24),
    ]);
    await system.state("routes.json", [{ dst: "default", gateway: "192.168.1.1", dev: "enp1s0" }]);
    await system.networks([]);
    Deno.env.set("PATH", `${join(folder, "bin")}:${system.#path}`);
    return system;
  }

  get places() {
    const at = (name: string) => join(this.folder, name);
    return {
      sysfs: at("sysfs"),
      iwd: at("iwd"),
      wired: { running: at("run"), kept: at("kept") },
      authorizedKeys: at("authorized_keys"),
    };
  }

  /** The networks around, and one that is joined. */
  async networks(networks: FakeNetwork[], joined?: FakeNetwork): Promise<void> {
    await this.state("objects.json", objects(networks, joined));
    await this.state("ordered.json", {
      type: "a(on)",
      data: [
        networks.filter(({ signal }) => signal !== undefined)
          .map((one) => [networkPath(one), one.signal! * 100]),
      ],
    });
  }

  /** What iwd must find in a file of its folder to join `network`. */
  async accepts(
    network: FakeNetwork,
    networks: FakeNetwork[],
    file: string,
    content: string,
  ): Promise<void> {
    await this.state("file", file, true);
    await this.state("wanted", content, true);
    await this.state("connected.json", objects(networks, network));
  }

  async state(name: string, content: unknown, raw = false): Promise<void> {
    const text = raw ? String(content) : JSON.stringify(content);
    await Deno.writeTextFile(join(this.folder, "state", name), text);
  }

  calls(): string[] {
    try {
      return Deno.readTextFileSync(join(this.folder, "state/calls")).trim().split("\n");
    } catch {
      return [];
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.env.set("PATH", this.#path);
    await Deno.remove(this.folder, { recursive: true });
  }
}

function link(ifname: string, type: string, local?: string, prefixlen = 24, scope = "global") {
  return {
    ifname,
    link_type: type,
    address: "52:54:00:00:00:01",
    flags: ["UP", "LOWER_UP"],
    addr_info: local ? [{ family: "inet", local, prefixlen, scope }] : [],
  };
}

const networkPath = ({ ssid, security }: FakeNetwork) => `/net/connman/iwd/0/4/${ssid}_${security}`;

function objects(networks: FakeNetwork[], joined: FakeNetwork | undefined) {
  const state = { type: "s", data: joined ? "connected" : "disconnected" };
  const all: Record<string, unknown> = {
    "/net/connman/iwd": { [`${WIFI}.AgentManager`]: {} },
    "/net/connman/iwd/0/4": {
      [`${WIFI}.Device`]: { Name: { type: "s", data: "wlan0" } },
      [`${WIFI}.Station`]: {
        State: state,
        ...(joined ? { ConnectedNetwork: { type: "o", data: networkPath(joined) } } : {}),
      },
    },
  };
  for (const one of networks) {
    if (one.known || one === joined) {
      all[`/net/connman/iwd/${one.ssid}_${one.security}`] = { [`${WIFI}.KnownNetwork`]: {} };
    }
    if (one.signal !== undefined) all[networkPath(one)] = { [`${WIFI}.Network`]: {} };
  }
  return { type: "a{oa{sa{sv}}}", data: [all] };
}
