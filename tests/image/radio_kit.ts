/**
 * What makes a Wi-Fi neighbourhood in a machine that has no radio, as a folder of files: the kernel's
 * simulated radios (mac80211_hwsim), access points (hostapd) with a DHCP server (busybox) and iw. All
 * are Debian's own packages; none is in the image.
 */
import { join } from "node:path";
import { Apt } from "../../src/games/apt.ts";
import { run } from "../../image/run.ts";

const PROGRAMS: Record<string, string[]> = {
  hostapd: ["usr/sbin/hostapd"],
  iw: ["usr/sbin/iw"],
  "busybox-static": ["usr/bin/busybox"],
};
const LIBRARIES = ["libnl-3-200", "libnl-genl-3-200", "libnl-route-3-200"];
const SIMULATED_RADIOS = "drivers/net/wireless/virtual/mac80211_hwsim.ko";

export interface AccessPoint {
  /** Of the radio in the network namespace. */
  interface: string;
  ssid: string;
  passphrase: string;
  /** The first three numbers of the addresses it gives. */
  network: string;
}

/**
 * Packs it as a tar file.
 *
 * @param kernel  of the machine, as `uname -r` has it: a module is for one kernel
 */
export async function packRadioKit(kernel: string, points: AccessPoint[]): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-radio-" });
  try {
    const kit = join(folder, "kit");
    await Deno.mkdir(kit);
    const unpack = await packages(folder);
    const module = `usr/lib/modules/${kernel}/kernel/${SIMULATED_RADIOS}.xz`;
    const packed = join(await unpack(`linux-image-${kernel}`, [module]), module);
    await run(["sh", "-c", 'xz -dc "$1" >"$2"', "sh", packed, join(kit, "radios.ko")]);
    for (const [name, files] of Object.entries(PROGRAMS)) {
      const root = await unpack(name, files);
      for (const file of files) await run(["cp", join(root, file), kit]);
    }
    for (const name of LIBRARIES) {
      const root = await unpack(name, ["usr/lib/x86_64-linux-gnu"]);
      await run(["sh", "-c", 'cp "$1"/*.so.* "$2"', "sh", `${root}/usr/lib/x86_64-linux-gnu`, kit]);
    }
    for (const point of points) await writeConfiguration(kit, point);
    const tar = join(folder, "kit.tar");
    await run(["tar", "-C", kit, "-cf", tar, "."]);
    return await Deno.readFile(tar);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Gives what unpacks some files of a Debian 13 package and tells where to. */
async function packages(folder: string) {
  const installed = join(folder, "status");
  await Deno.writeTextFile(installed, "");
  const apt = await Apt.open("debian-13", join(folder, "apt"), installed);
  await apt.update();
  return async (name: string, files: string[]): Promise<string> => {
    const downloads = await Deno.makeTempDir({ dir: folder });
    const file = await apt.downloadAlone(name, downloads);
    const root = join(downloads, "root");
    await Deno.mkdir(root);
    const script =
      'file=$1; root=$2; shift 2; dpkg-deb --fsys-tarfile "$file" | tar -xC "$root" "$@"';
    await run([
      "bash",
      "-o",
      "pipefail",
      "-c",
      script,
      "sh",
      file,
      root,
      ...files.map((one) => `./${one}`),
    ]);
    return root;
  };
}

async function writeConfiguration(kit: string, point: AccessPoint): Promise<void> {
  await Deno.writeTextFile(
    join(kit, `${point.interface}.hostapd`),
    `interface=${point.interface}
driver=nl80211
ssid=${point.ssid}
hw_mode=g
channel=1
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_passphrase=${point.passphrase}
`,
  );
  await Deno.writeTextFile(
    join(kit, `${point.interface}.udhcpd`),
    `interface ${point.interface}
start ${point.network}.50
end ${point.network}.60
lease_file /run/${point.interface}.leases
pidfile /run/${point.interface}.udhcpd.pid
option subnet 255.255.255.0
option router ${point.network}.1
option lease 3600
`,
  );
}
