/**
 * A box with a key, a configuration and games on a stick: what the system is made of, a house that hangs,
 * and the Test card, played from a real browser through the forwarded ports.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run } from "../../image/run.ts";
import type { Page } from "playwright-core";
import { startBrowser, until } from "../e2e/browser.ts";
import { claim, pixels, stats, strip } from "../e2e/player.ts";
import { makeTinyPackage } from "../games/tiny_package.ts";
import { installFakePad, setPad } from "../ui/fake_pad.ts";
import { artifacts, imageUnderTest, keepFigures } from "./tested_image.ts";
import { Machine, makeKey } from "./machine.ts";
import { play } from "./play.ts";
import { playedFromHere } from "./played_box.ts";
import { makeStick } from "./stick.ts";
import { temporaryFolder } from "./temporary.ts";
import { eventually } from "./wait.ts";

/** An interpreted machine encodes some pictures a second. */
const SLOW_MS = 180_000;

const { udpPort, configuration } = playedFromHere("640x360@30");

interface Row {
  id: string;
  status: string;
  evidence: string;
}

Deno.test("the box", async (t) => {
  await using folder = await temporaryFolder();
  const key = await makeKey(folder.path);
  const stick = join(folder.path, "stick.raw");
  await makeStick(stick, {
    "authorized_keys": await Deno.readTextFile(`${key}.pub`),
    "gamelan.toml": configuration,
    "wifi/Home.psk": "[Security]\nPassphrase=correct horse battery\n",
    "network/90-guest.network": "[Match]\nName=guest*\n",
    "run-me.sh": "touch /var/lib/gamelan/was-run\n",
    "games/stick-game.erofs": await makeTinyPackage({ id: "stick-game", title: "From the stick" }),
    "games/damaged.erofs": "This is no package.",
  });
  await using machine = await Machine.start({
    ...{ image: imageUnderTest(), name: "box", key, keyElsewhere: true, stick },
    ...{ udpPorts: [udpPort], watchdog: true },
  }, artifacts);
  const figures: Record<string, unknown> = {};
  figures.sshSeconds = Math.round(await machine.sshReady() / 1000);
  await machine.isolate();
  figures.readySeconds = Math.round(await machine.ready() / 1000);
  // The stick's configuration makes the house start anew.
  await until(
    "the stick's configuration to be used",
    async () => (await machine.output("ss -Hulpn || true")).includes(`:${udpPort}`),
    SLOW_MS,
  );
  await machine.ready();

  await t.step("no unit has failed, and the house is ready for systemd too", async () => {
    await until("the start to be over", async () => {
      const { stdout } = await machine.ssh("systemctl is-system-running");
      return ["running", "degraded"].includes(stdout.trim());
    }, SLOW_MS);
    assert.equal(await machine.output("systemctl --failed --plain --no-legend"), "");
    const shown = await machine.output(
      "systemctl show gamelan.service -p ActiveState -p NotifyAccess -p StatusText -p WatchdogUSec",
    );
    assert.match(shown, /ActiveState=active/);
    assert.match(shown, /StatusText=Serving at https:/);
    assert.match(shown, /WatchdogUSec=3min/);
    // Nothing but the house updates and restarts the box, and Debian's packages stay as they are.
    const timers = await machine.output("systemctl list-timers --all --plain --no-legend");
    assert.doesNotMatch(timers, /sysupdate|apt-daily/);
  });

  // Its end is looked at when other things have been.
  await t.step("the house stops working", async () => {
    await eventually(
      "the stick's games to be looked at",
      async () => await machine.output("ls /var/lib/gamelan/inbox") === "taken",
      { withinMs: SLOW_MS },
    );
    await machine.output(
      `main=$(systemctl show --value -p MainPID gamelan.service)
      # As if the house itself had asked for less patience than its three minutes.
      NOTIFY_SOCKET=/run/systemd/notify systemd-notify --pid="$main" WATCHDOG_USEC=20000000
      kill -STOP "$main"`,
    );
  });

  await t.step("the root is read-only and guarded by verity", async () => {
    assert.match(await machine.output("findmnt -no FSTYPE,OPTIONS /"), /^erofs\s+ro\b/);
    assert.match(await machine.output("cat /sys/block/dm-*/dm/uuid"), /^CRYPT-VERITY-/m);
    assert.match(await machine.output("cat /proc/cmdline"), /\broothash=[0-9a-f]{64}\b/);
    const write = await machine.ssh("touch /usr/written; touch /etc/written");
    assert.match(write.stderr, /Read-only file system/);
  });

  await t.step("there are two slots, the second empty, and the disk's rest is /var", async () => {
    const table = await machine.output(
      "lsblk --bytes --noheadings --raw -o PARTLABEL,SIZE,FSTYPE,MOUNTPOINTS /dev/vda",
    );
    const labels = table.split("\n").map((line) => line.split(" ")[0]).filter((one) => one !== "");
    assert.equal(labels.filter((label) => label === "_empty").length, 2, table);
    assert.ok(labels.some((label) => /^gamelan_[\d.]+_verity$/.test(label)), table);
    assert.ok(labels.some((label) => /^gamelan_[\d.]+$/.test(label)), table);
    const free = Number(await machine.output("df -B1 --output=size /var | tail -1"));
    assert.ok(free > 3.5 * 2 ** 30, `/var has ${free} bytes of the disk's 8 GiB`);
    assert.match(await machine.output("findmnt -no OPTIONS /var"), /nosuid,nodev/);
  });

  await t.step("nobody has a password, there is no login and no shell on a terminal", async () => {
    const passwords = await machine.output("cut -d: -f2 /etc/shadow | sort -u");
    for (const password of passwords.split("\n")) assert.match(password, /^!?\*?$|^!\*$/);
    assert.equal(await machine.output("pgrep -ax 'a?getty|login|sulogin' || true"), "");
    const shell = "systemctl is-enabled getty@tty1 serial-getty@ttyS0 debug-shell || true";
    for (const state of (await machine.output(shell)).split("\n")) assert.equal(state, "masked");
    assert.equal(await machine.output("passwd -S root | cut -d' ' -f2"), "L");
  });

  await t.step("SSH takes keys only", async () => {
    const settings = await machine.output("sshd -T");
    assert.match(settings, /^passwordauthentication no$/m);
    assert.match(settings, /^kbdinteractiveauthentication no$/m);
    assert.match(settings, /^permitrootlogin (prohibit-password|without-password)$/m);
    const listening = await machine.output("ss -Htlpn | awk '{print $4}' | sort -u");
    const ports = new Set(listening.split("\n").map((one) => one.split(":").at(-1)));
    for (const port of ports) {
      // 53: systemd-resolved, on this machine's own loopback addresses.
      assert.ok(["22", "53", "80", "443"].includes(port!), `something listens:\n${listening}`);
    }
  });

  await t.step("SSH is off while nobody has a key, and on again with one", async () => {
    // As the page removes the last key and adds one; who is in stays in.
    const said = await machine.output(
      `
      now() { echo $(systemctl is-active ssh.service) $(ss -Htln 'sport = :22' | wc -l); }
      wait_for() { for i in $(seq 120); do [ "$(systemctl is-active ssh.service)" = $1 ] && break; sleep 1; done; now; }
      cd /var/lib/box && cp authorized_keys kept
      : >authorized_keys.new && mv authorized_keys.new authorized_keys
      wait_for inactive
      mv kept authorized_keys
      wait_for active
    `,
      SLOW_MS * 2,
    );
    // For both families of addresses.
    assert.deepEqual(said.split("\n"), ["inactive 0", "active 2"]);
  });

  await t.step("the stick's files are taken, by name, and nothing on it is run", async () => {
    assert.match(await machine.output("cat /etc/gamelan/gamelan.toml"), /udp_port/);
    assert.match(await machine.output("cat '/var/lib/iwd/Home.psk'"), /correct horse/);
    await machine.output("test -s /run/systemd/network/90-guest.network");
    await machine.output("test ! -e /var/lib/gamelan/was-run && ! findmnt -n -S LABEL=GAMELAN");
  });

  await t.step("modules that are left find all that they depend on", async () => {
    const wrong = await machine.output(
      "cd /lib/modules/$(uname -r) && sed 's/:/ /' modules.dep | tr ' ' '\\n' | sort -u | " +
        'while read -r file; do [ -z "$file" ] || [ -e "$file" ] || echo "$file"; done',
    );
    assert.equal(wrong, "");
  });

  await t.step("systemd has noticed that the house hung, and has started it again", async () => {
    await eventually("a house that was started again", async () => {
      const shown = await machine.output(
        "systemctl show gamelan.service -p NRestarts -p ActiveState",
      );
      return /NRestarts=1\b/.test(shown) && /ActiveState=active/.test(shown);
    }, { withinMs: SLOW_MS });
    await machine.ready();
    assert.match(await machine.output("journalctl -u gamelan.service -o cat"), /Watchdog timeout/);
  });

  await t.step(
    "games on the stick are in the library, and what is no game is refused",
    async () => {
      const games = JSON.parse(await machine.output("gamelan games list --json"));
      assert.deepEqual(
        games.map(({ id, title }: { id: string; title: string }) => [id, title]),
        [["stick-game", "From the stick"]],
      );
      assert.match(await machine.output("gamelan games verify"), /stick-game: ok/);
      assert.match(await machine.output("cat /var/lib/gamelan/inbox/taken"), / stick-game\.erofs$/);
      const refusals = async () =>
        Number(
          await machine.output(
            "journalctl -u gamelan.service -o cat | grep 'import failed' | " +
              "grep -c 'damaged.erofs is not'",
          ),
        );
      const before = await refusals();
      // Plugged in once more, it brings what was refused, to be refused again, and nothing else.
      await machine.output(
        "systemctl restart box-stick-games@$(basename $(readlink -f /dev/disk/by-label/GAMELAN))",
      );
      await eventually(
        "the damaged one to be refused again",
        async () => await refusals() > before,
        { withinMs: SLOW_MS },
      );
      const taken = "journalctl -u 'box-stick-games@*' -o cat | grep -c 'took games/stick-game'";
      assert.equal(await machine.output(taken), "1");
    },
  );

  await t.step("doctor finds what games need, gamepads with it", async () => {
    const { stdout } = await machine.ssh("gamelan doctor --json", SLOW_MS);
    const rows = JSON.parse(stdout) as Row[];
    await Deno.writeTextFile(join(artifacts, "box-doctor.json"), JSON.stringify(rows, null, 2));
    const missing = rows.filter(({ status }) => status === "missing");
    assert.deepEqual(missing, []);
    assert.equal(rows.find(({ id }) => id === "uinput")?.status, "ok");
  });

  await t.step(
    "the self-test works by SSH, and leaves that service's group as it was",
    async () => {
      // The group of the SSH server is systemd's, and a game's limits below it would be in its way.
      const group =
        "cd /sys/fs/cgroup/system.slice/ssh.service && cat cgroup.type cgroup.subtree_control";
      assert.equal(await machine.output(group), "domain");
      const said = await machine.output("gamelan selftest --require-gamepad", SLOW_MS);
      assert.match(said, /✓ A gamepad reaches the game/);
      assert.match(said, /✓ The picture is encoded/);
      assert.equal(await machine.output(group), "domain");
      // The house's own is delegated to it.
      const limits = "/sys/fs/cgroup/gamelan.slice/gamelan.service/cgroup.subtree_control";
      assert.match(await machine.output(`cat ${limits}`), /\bmemory\b.*\bpids\b/);
    },
  );

  let claimCode = "";
  await t.step("its screen shows name, addresses, QR and claim code", async () => {
    const text = await until("the claim code on the screen", async () => {
      const shown = await machine.screenText();
      // The name comes a little later than the house.
      return /\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/.test(shown) && /\.local/.test(shown) && shown;
    }, SLOW_MS);
    claimCode = text.match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}\b/)![0];
    // On a very busy machine Avahi now and then takes a late answer of its own for another box.
    assert.match(text, /https:\/\/gamelan(-2)?\.local/);
    assert.match(text, /https:\/\/10\.0\.2\.15/);
    assert.ok(text.split("\n").filter((line) => /^\s*██.*██/.test(line)).length > 10, text);
    const screen = join(artifacts, "box-screen.png");
    await machine.screenshot(screen);
    // What a phone's camera makes of it.
    const read = await run(["zbarimg", "--quiet", "--raw", screen]);
    assert.equal(read.trim(), `https://10.0.2.15/#claim=${claimCode}`);
  });

  await t.step("what it costs to be idle, and how exposed the service is", async () => {
    const memory = await machine.output("cat /proc/meminfo");
    const mib = (key: string) =>
      Number(memory.match(new RegExp(`^${key}: +(\\d+)`, "m"))![1]) / 1024;
    const cache = mib("Buffers") + mib("Cached") + mib("SReclaimable");
    // Without the cache, which the kernel gives back at once; and what a new program could not have.
    figures.idleMemoryMiB = Math.round(mib("MemTotal") - mib("MemFree") - cache);
    assert.ok(figures.idleMemoryMiB as number <= 250, `${figures.idleMemoryMiB} MiB`);
    figures.idleNotAvailableMiB = Math.round(mib("MemTotal") - mib("MemAvailable"));
    const exposure = await machine.output(
      "systemd-analyze security --no-pager gamelan.service | tail -1",
    );
    figures.security = /([\d.]+ [A-Z]+)/.exec(exposure)?.[1] ?? exposure;
    assert.match(figures.security as string, /^[0-9.]+ (OK|MEDIUM)$/);
    figures.start = (await machine.output("systemd-analyze time | head -1")).trim();
  });

  await t.step(
    "the Test card is played from a browser, with a gamepad through uinput",
    async () => {
      await using chromium = await startBrowser();
      const page = await chromium.page({
        viewport: { width: 960, height: 540 },
        ignoreHTTPSErrors: true,
      });
      page.setDefaultTimeout(SLOW_MS);
      await page.addInitScript(installFakePad);
      const house = { url: `https://localhost:${machine.ports.https}`, claimCode };
      await claim(page, house as Parameters<typeof claim>[1]);
      await page.getByTestId("game-tile-stick-game").waitFor();
      await page.getByText("damaged.erofs", { exact: true }).waitFor();
      figures.starts = await play(page, "testcard", SLOW_MS);
      const first = await until("a readable strip", () => strip(page), SLOW_MS);
      await until("a later picture", async () => {
        const now = await strip(page);
        return now !== undefined && now.frame > first.frame;
      }, SLOW_MS);
      await page.screenshot({ path: join(artifacts, "box-testcard.png") });
      const { width, height } = await stats(page);
      figures.picture = `${width}x${height}`;

      await padReachesTheGame(page, machine);
      await page.screenshot({ path: join(artifacts, "box-testcard-pad.png") });
      const before = await Deno.readTextFile(machine.serial);
      assert.doesNotMatch(before, /Power key pressed|Suspend key/);
    },
  );

  await keepFigures("image-box", figures);
});

/** A pad appears in the machine as a real device, and what is pressed on it changes the picture. */
async function padReachesTheGame(page: Page, machine: Machine): Promise<void> {
  const before = (await until("a readable strip", () => strip(page), SLOW_MS)).presses;
  await setPad(page, {});
  const device = await until("the pad among the machine's input devices", async () => {
    const listed = await machine.output("cat /proc/bus/input/devices");
    return listed.split("\n\n").find((one) => /^P: Phys=gamelan\/[^/]+\/pad0$/m.test(one));
  }, SLOW_MS);
  const [, event] = /^H: Handlers=.*\b(event\d+)\b/m.exec(device)!;
  assert.match(device, /^I: Bus=0003 Vendor=045e Product=028e/m);
  // An independent reader of the same device, beside the game.
  await machine.output(
    `systemd-run -q --unit=watch-pad sh -c 'exec stdbuf -oL evtest /dev/input/${event} >/run/pad.txt'`,
  );
  await using watched = machine.follow("exec tail -n +1 -F /run/pad.txt 2>/dev/null");
  await until("evtest to watch the pad", () => watched.text.includes("Testing"), SLOW_MS);
  const seen = await pixels(page, { width: 320, height: 180 });
  for (let i = 0; i < 3; i++) {
    await setPad(page, { buttons: [0] });
    await page.waitForTimeout(1500);
    await setPad(page, {});
    await page.waitForTimeout(1500);
  }
  await setPad(page, { axes: [1, 0, 0, 0] });
  await until(
    "presses of the pad in the game's picture",
    async () => ((await strip(page))?.presses ?? before) !== before,
    SLOW_MS,
  );
  const after = await pixels(page, { width: 320, height: 180 });
  assert.notDeepEqual(after.data, seen.data);
  // The stick's move may come last.
  const events = await until("the stick's move", () => {
    return /ABS_X\), value 32767/.test(watched.text) && watched.text;
  }, SLOW_MS);
  await machine.output("systemctl stop watch-pad");
  await Deno.writeTextFile(join(artifacts, "box-evtest.txt"), events);
  assert.match(events, /Input device name: ".*(X-Box|Xbox|360).*"/);
  assert.match(events, /BTN_(SOUTH|A)\), value 1/);
  assert.match(events, /BTN_(SOUTH|A)\), value 0/);
}
