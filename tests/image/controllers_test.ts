/**
 * Controllers in the box, with the kernel's real /dev/uinput: what a player holds in a real browser
 * reaches a game in its sandbox as devices of its own, and nothing else in the box; a game's rumble
 * comes back. Two players at a time, one machine.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { padButtons, xboxPad } from "../../src/input/pad.ts";
import { startBrowser, until } from "../e2e/browser.ts";
import { claim, logIn, type Picture, pixels, sessionOf } from "../e2e/player.ts";
import { installFakePad, playedRumbles, setPad, unplugPad } from "../ui/fake_pad.ts";
import { compile, type GameEvent, GameInBox, makeGame } from "./controllers/game.ts";
import { artifacts, imageUnderTest, keepFigures } from "./tested_image.ts";
import { Machine, makeKey } from "./machine.ts";
import { claimCode } from "./owner.ts";
import { play } from "./play.ts";
import { playedFromHere } from "./played_box.ts";
import { makeStick } from "./stick.ts";
import { temporaryFolder } from "./temporary.ts";
import { eventually } from "./wait.ts";

/** An interpreted machine encodes some pictures a second. */
const SLOW_MS = 180_000;
/** Two games at a time. */
const { udpPort, configuration } = playedFromHere("320x180@10");
const guest = { name: "Ben", password: "another battery" };

/** SDL's names of what the buttons of the W3C standard gamepad are to it, in that order. */
const SDL_BUTTONS = [
  ..."a b x y leftshoulder rightshoulder lefttrigger righttrigger back start".split(" "),
  ..."leftstick rightstick dpup dpdown dpleft dpright guide".split(" "),
];
const TRIGGERS = [6, 7];

/** KEY_* of linux/input-event-codes.h, as evtest names them: what the game has, and what nobody gets. */
const DANGEROUS_KEYS = ["KEY_DELETE", "KEY_SYSRQ", "KEY_F2"];
const MACHINE_KEYS = /\(KEY_(POWER|SLEEP|WAKEUP)\)/;

Deno.test("controllers in the box", async (t) => {
  // Each step builds on those before: after one that failed, the others would wait for nothing.
  const step = async (name: string, run: () => Promise<void>) => {
    if (!await t.step(name, run)) throw new Error(`the rest was left out after: ${name}`);
  };
  await using folder = await temporaryFolder();
  const key = await makeKey(folder.path);
  const stick = join(folder.path, "stick.raw");
  await makeStick(stick, { "gamelan.toml": configuration });
  const archive = join(folder.path, "controllers.tar");
  await makeGame(folder.path, archive);
  const consoleKeys = join(folder.path, "console_keys");
  await compile("console_keys", consoleKeys);
  await using machine = await Machine.start(
    {
      image: imageUnderTest(),
      name: "controllers",
      key,
      stick,
      udpPorts: [udpPort],
      drives: { game: archive },
    },
    artifacts,
  );
  const figures: Record<string, unknown> = {};
  await machine.sshReady();
  await machine.isolate();
  await machine.write("/run/console_keys", await Deno.readFile(consoleKeys));
  await machine.output("chmod 755 /run/console_keys");
  // The stick's configuration makes the house start anew.
  await until(
    "the stick's configuration to be used",
    async () => (await machine.output("ss -Hulpn || true")).includes(`:${udpPort}`),
    SLOW_MS,
  );
  figures.readySeconds = Math.round(await machine.ready() / 1000);

  await using chromium = await startBrowser();
  const url = `https://localhost:${machine.ports.https}`;
  const newPage = async () => {
    const page = await chromium.page({
      viewport: { width: 640, height: 360 },
      ignoreHTTPSErrors: true,
    });
    page.setDefaultTimeout(SLOW_MS);
    await page.addInitScript(installFakePad);
    return page;
  };
  const page = await newPage();
  await claim(page, { url, claimCode: await claimCode(machine) } as Parameters<typeof claim>[1]);
  await using open = new AsyncDisposableStack();
  let game!: GameInBox;
  let pads: GameEvent[] = [];
  let devicesOf!: Evtest;

  await step(
    "a game that comes by the command line is in the library of the running house",
    async () => {
      const at = performance.now();
      await machine.output(
        "cp /dev/disk/by-id/virtio-game /var/lib/controllers.tar && " +
          "gamelan games import /var/lib/controllers.tar && rm /var/lib/controllers.tar",
        SLOW_MS * 2,
      );
      figures.importSeconds = Math.round((performance.now() - at) / 1000);
      await page.getByTestId("game-tile-controllers").waitFor();
    },
  );

  await step("four gamepads appear to SDL as Xbox 360 pads, one after the other", async () => {
    figures.starts = await play(page, "controllers", SLOW_MS, gameStarts(machine, page));
    game = open.use(await inBox(machine, page));
    for (let pad = 0; pad < 4; pad++) {
      await setPad(page, {}, pad);
      const events = await game.until(
        `pad ${pad}`,
        (events) => count(events, "added") > pad,
      );
      pads = events.filter(({ event }) => event === "added");
      const { name, vendor, product, version, rumble, place, mapping } = pads[pad];
      assert.deepEqual([place, vendor, product, version, rumble], [pad, 0x045e, 0x028e, 0x0114, 1]);
      assert.match(String(name), /X(-?Box )?360/i);
      assert.match(String(mapping), /,a:b0,b:b1,/);
    }
    assert.equal(new Set(pads.map(({ path }) => path)).size, 4);
    const names = (await game.ask("ls /dev/input")).split("\n");
    const joysticks = names.filter((name) => name.startsWith("js"));
    assert.deepEqual(joysticks, ["js0", "js1", "js2", "js3"]);
  });

  await step("every button, trigger and stick has its place in SDL's view", async () => {
    const which = pads[0].which;
    for (const [button, name] of SDL_BUTTONS.entries()) {
      const before = game.events().length;
      await setPad(page, { buttons: [button] });
      // Not held until the game has seen it: the guide button opens the player's menu then.
      await setPad(page, {});
      const isTrigger = TRIGGERS.includes(button);
      const events = await game.until(
        `${name} and its end`,
        (events) =>
          isTrigger
            ? events.some(({ axis, value }) => axis === name && value === 32767) &&
              events.at(-1)?.value === 0
            : events.some((one) => one.button === name && one.down === 0),
        before,
      );
      const others = events.filter(({ event, button, axis }) =>
        (event === "button" && button !== name) || (event === "axis" && axis !== name)
      );
      assert.deepEqual(others, [], name);
      assert.ok(events.every((one) => one.which === which), JSON.stringify(events));
    }
    for (const [axis, name] of ["leftx", "lefty", "rightx", "righty"].entries()) {
      for (const value of [1, -1]) {
        const before = game.events().length;
        await setPad(page, { axes: [0, 0, 0, 0].with(axis, value) });
        const wanted = value < 0 ? -32768 : 32767;
        const moved = (one: GameEvent) => one.axis === name && one.value === wanted;
        await game.until(`${name} ${value}`, (events) => events.some(moved), before);
      }
      await setPad(page, {});
    }
  });

  await step(
    "pressed, it changes the picture that the browser shows, each pad its own part",
    async () => {
      const at = performance.now();
      for (let pad = 0; pad < 4; pad++) {
        await until(`pad ${pad} at rest in the picture`, async () => {
          return column(await small(page), pad) === "grey";
        }, SLOW_MS);
        await setPad(page, { buttons: [0] }, pad);
        const shown = await until(`pad ${pad} in the picture`, async () => {
          const now = await small(page);
          return column(now, pad) === "green" && now;
        }, SLOW_MS);
        for (let other = 0; other < 4; other++) {
          if (other !== pad) assert.equal(column(shown, other), "grey", `${other} beside ${pad}`);
        }
        if (pad === 3) await page.screenshot({ path: join(artifacts, "controllers-pad.png") });
        await setPad(page, {}, pad);
      }
      figures.picturePerPressSeconds = Math.round((performance.now() - at) / 400) / 10;
    },
  );

  await step("a game's rumble reaches the pad that it was for, and ends", async () => {
    // Each pad's press before made it rumble too.
    const before = await until("those before to end", async () => {
      const all = await playedRumbles(page);
      const last = [0, 1, 2, 3].map((pad) => all.findLast((one) => one.pad === pad));
      return last.every((one) => one?.strong === 0) && all.length;
    }, SLOW_MS);
    await setPad(page, { buttons: [0] }, 2);
    await setPad(page, {}, 2);
    const played = await until("rumble and its end", async () => {
      const all = (await playedRumbles(page)).slice(before);
      return all.some(({ strong }) => strong > 0) && all.at(-1)!.strong === 0 && all;
    }, SLOW_MS);
    assert.ok(played.every(({ pad }) => pad === 2), JSON.stringify(played));
    const { strong, weak } = played.find(({ strong }) => strong > 0)!;
    assert.ok(Math.abs(strong - 0xc000 / 0xffff) < 0.01, `strong ${strong}`);
    assert.ok(Math.abs(weak - 0x4000 / 0xffff) < 0.01, `weak ${weak}`);
    const rumbles = game.events().filter(({ event }) => event === "rumble");
    assert.ok(rumbles.length > 0 && rumbles.every(({ failed }) => failed === 0));
  });

  await step(
    "a pad that is unplugged and plugged in again does so in the running game",
    async () => {
      const before = game.events().length;
      await unplugPad(page, 1);
      const gone = await game.until(
        "the pad's end",
        (events) => count(events, "removed") > 0,
        before,
      );
      assert.deepEqual(
        gone.find(({ event }) => event === "removed")!.which,
        pads[1].which,
      );
      assert.doesNotMatch(await game.ask("ls /dev/input"), /^js1$/m);
      await until("its part of the picture to be empty", async () => {
        return column(await small(page), 1) === "black";
      }, SLOW_MS);
      await setPad(page, {}, 1);
      const events = await game.until("it to be back", (one) => count(one, "added") > 0, before);
      const back = events.find(({ event }) => event === "added")!;
      assert.equal(back.place, 1);
      await setPad(page, { buttons: [1] }, 1);
      await setPad(page, {}, 1);
      await game.until(
        "its press",
        (events) => events.some((one) => one.which === back.which && one.button === "b"),
        before,
      );
    },
  );

  await step("jstest and evtest in the game's sandbox see the same devices", async () => {
    const axes = [...xboxPad.absolute!.keys()].length;
    const { size } = padButtons;
    const info = await game.ask("timeout 5 stdbuf -oL jstest --event /dev/input/js2 | head -40");
    assert.match(info, new RegExp(`Joystick \\(Microsoft X-Box 360 pad\\) has ${axes} axes`));
    assert.match(info, new RegExp(`and ${size} buttons \\(.*BtnA.*BtnMode.*\\)`));
    // Each of its devices from now on, one file a device.
    await game.ask(`
      for event in /dev/input/event*; do
        stdbuf -oL evtest "$event" >"evtest-\${event##*/}" 2>&1 &
      done
      stdbuf -oL jstest --event /dev/input/js3 >jstest-js3 2>&1 &`);
    const names = (await machine.output(`cd ${game.homeFolder} && ls -d evtest-*`)).split("\n");
    devicesOf = evtestOf(game.follow(...names));
    const said = game.follow("jstest-js3");
    const seen = await until("evtest to watch all devices", () => {
      const watched = devicesOf();
      return watched.length === 8 && watched.every(({ text }) => /Testing/.test(text)) && watched;
    }, SLOW_MS);
    assert.deepEqual(seen.map(({ name }) => name).sort(), [
      "Gamelan keyboard",
      "Gamelan mouse",
      "Gamelan pointer",
      "Gamelan touch screen",
      ...Array(4).fill("Microsoft X-Box 360 pad"),
    ]);
    for (const { name, text } of seen) {
      const id = /bus 0x(\w+) vendor 0x(\w+) product 0x(\w+) version 0x(\w+)/.exec(text)!.slice(1);
      const expected = name.startsWith("Gamelan") ? ["6", "0"] : ["3", "45e", "28e", "114"];
      assert.deepEqual(id.slice(0, expected.length), expected, name);
    }
    // It tells the state of all first, and knows nothing from before.
    await until(
      "jstest to read",
      () => /type 129, .*number 3,/.test(said().get("jstest-js3") ?? ""),
      SLOW_MS,
    );
    await setPad(page, { buttons: [3] }, 3);
    await setPad(page, {}, 3);
    await until("the press in jstest", () => {
      const text = said().get("jstest-js3") ?? "";
      return /type 1, .*number 3, value 1/.test(text) && /number 3, value 0/.test(text);
    }, SLOW_MS);
  });

  await step("keys, mouse and touch reach their devices", async () => {
    await page.keyboard.press("KeyA");
    await seen(devicesOf, "Gamelan keyboard", /EV_KEY\), code 30 \(KEY_A\), value 1/);
    await seen(devicesOf, "Gamelan keyboard", /EV_KEY\), code 30 \(KEY_A\), value 0/);
    const box = (await page.getByTestId("player-video").boundingBox())!;
    await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
    await seen(devicesOf, "Gamelan pointer", /\(ABS_X\), value 1\d{4}$/m);
    await page.mouse.down();
    await page.mouse.up();
    await seen(devicesOf, "Gamelan mouse", /\(BTN_LEFT\), value 1[^]*\(BTN_LEFT\), value 0/);
    await page.mouse.wheel(0, 120);
    await seen(devicesOf, "Gamelan mouse", /\(REL_WHEEL\), value -1/);
    await page.getByTestId("player-video").evaluate((video: HTMLVideoElement) => {
      const { x, y, width, height } = video.getBoundingClientRect();
      const [clientX, clientY] = [x + width / 2, y + height / 2];
      const touch = new Touch({ identifier: 7, target: video, clientX, clientY });
      for (const type of ["touchstart", "touchend"]) {
        const changedTouches = [touch];
        const touches = type === "touchstart" ? [touch] : [];
        video.dispatchEvent(new TouchEvent(type, { changedTouches, touches, cancelable: true }));
      }
    });
    await seen(
      devicesOf,
      "Gamelan touch screen",
      /\(BTN_TOUCH\), value 1[^]*\(BTN_TOUCH\), value 0/,
    );
  });

  await step("no key of a player reaches the virtual terminal, nor the machine", async () => {
    const boot = await machine.output("cat /proc/sys/kernel/random/boot_id");
    assert.equal(await machine.output("/run/console_keys /dev/tty1"), "off");
    await machine.output(
      "systemd-run -q --unit=watch-terminal sh -c 'exec cat /dev/tty1 >/run/terminal.txt'",
    );
    await type(page, ["h", "e", "y", "Enter"]);
    await page.keyboard.press("Control+Alt+Delete");
    await page.keyboard.press("Alt+F2");
    await page.keyboard.down("Alt");
    await page.keyboard.press("PrintScreen+KeyB");
    await page.keyboard.up("Alt");
    await page.evaluate(() => {
      for (const code of ["Power", "Sleep"]) {
        for (const type of ["keydown", "keyup"]) {
          document.dispatchEvent(new KeyboardEvent(type, { code, cancelable: true }));
        }
      }
    });
    await page.keyboard.press("KeyZ");
    for (const name of [...DANGEROUS_KEYS, "KEY_Z"]) {
      await seen(devicesOf, "Gamelan keyboard", new RegExp(`\\(${name}\\), value 0`));
    }
    const { text } = devicesOf().find(({ name }) => name === "Gamelan keyboard")!;
    assert.doesNotMatch(text, MACHINE_KEYS);
    const node = await eventNode(machine, game, "keyboard");
    const known = await machine.output(`udevadm info -q property /dev/input/${node}`);
    assert.match(known, /^ID_INPUT_KEYBOARD=1$/m);
    // Tags that it has had count for systemd-logind.
    assert.doesNotMatch(known, /^TAGS=.*power-switch/m);
    assert.doesNotMatch(known, /^CURRENT_TAGS=.*(seat|uaccess)/m);
    assert.equal(await machine.output("cat /run/terminal.txt"), "");
    assert.equal(await machine.output("cat /sys/class/tty/tty0/active"), "tty1");
    assert.equal(await machine.output("systemctl list-jobs --no-legend"), "");
    const journal = await machine.output("journalctl -b -o cat --no-pager");
    assert.doesNotMatch(journal, /Power key pressed|Suspend key pressed|Ctrl-Alt-Del|sysrq:/i);

    // The same reader does see keys where the terminal takes them, so it would have seen these.
    await until("the keys at a terminal that takes them", async () => {
      await machine.output("/run/console_keys /dev/tty1 on");
      await type(page, ["h", "e", "y", "Enter"]);
      return (await machine.output("cat /run/terminal.txt")).includes("hey");
    }, SLOW_MS);
    await machine.output("/run/console_keys /dev/tty1 off; systemctl stop watch-terminal");
    assert.equal(await machine.output("cat /proc/sys/kernel/random/boot_id"), boot);
  });

  await step(
    "two players: each game has its own devices and cannot open the other's",
    async () => {
      await page.evaluate(async ({ name, password }) => {
        const response = await fetch("/api/users", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ name, password, role: "player" }),
        });
        if (!response.ok) throw new Error(await response.text());
      }, guest);
      const other = await newPage();
      await logIn(other, url, guest);
      await play(other, "controllers", SLOW_MS, gameStarts(machine, other));
      await using second = await inBox(machine, other);
      await setPad(other, {}, 0);
      const added = await second.until("its pad", (events) => count(events, "added") === 1);
      assert.equal(count(added, "added"), 1);
      const own = (await second.ask("ls /dev/input")).split("\n");
      assert.deepEqual(own.filter((name) => name.startsWith("js")), ["js0"]);
      assert.equal(own.filter((name) => name.startsWith("event")).length, 5);

      // By path, by device number, by what the kernel tells of devices, by other processes.
      const node = await eventNode(machine, game, "pad0");
      const [major, minor] = (await machine.output(`cat /sys/class/input/${node}/dev`)).split(":");
      const path = join(game.inputFolder, node);
      await machine.output(
        // The folder is a file system of its own, in the house's own mounts.
        `test -c /proc/$(systemctl show -P MainPID gamelan)/root${path} && mknod -m 666 ${
          second.home("escaped")
        } c ${major} ${minor}`,
      );
      const said = await second.ask(`
      for file in ${path} /dev/input/${node} /dev/uinput /home/player/escaped; do
        head -c1 "$file" >/dev/null && echo "opened $file"
      done
      for file in /tmp/node /home/player/node /dev/input/node /dev/shm/node; do
        mknod "$file" c ${major} ${minor} && echo "made $file"
      done
      cat /proc/bus/input/devices && echo listed
      ls /sys/class/input /sys/devices/virtual/input && echo listed
      for process in /proc/[0-9]*; do
        ls "$process/root/dev/input" | grep -x ${node} && echo "found $process"
      done
      cat /proc/[0-9]*/mountinfo | grep ${game.sessionId} && echo "mounted"
      true`);
      assert.doesNotMatch(said, /^(opened|made|listed|found|mounted)/m, said);
      const refused = /^mknod: .*(Operation not permitted|Permission denied)$/gm;
      assert.equal(said.match(refused)?.length, 4, said);
      assert.match(said, /escaped.*Permission denied/);

      // What one presses the other does not hear.
      const before = [game.events().length, second.events().length];
      await setPad(page, { buttons: [0] }, 0);
      await setPad(other, { buttons: [1] }, 0);
      await setPad(page, {}, 0);
      await setPad(other, {}, 0);
      const buttons = (events: GameEvent[]) => events.filter(({ event }) => event === "button");
      const released = (events: GameEvent[]) => buttons(events).some(({ down }) => down === 0);
      const first = buttons(await game.until("its own press", released, before[0]));
      const theirs = buttons(await second.until("its own press", released, before[1]));
      assert.deepEqual([...new Set(first.map(({ button }) => button))], ["a"]);
      assert.deepEqual([...new Set(theirs.map(({ button }) => button))], ["b"]);

      // One ends: its devices go, the other's stay.
      await end(other);
      await nothingLeft(machine, second);
      assert.match(await devices(machine), new RegExp(`gamelan/${game.sessionId}/pad3`));
    },
  );

  await step("everything of a session goes with it", async () => {
    await end(page);
    await nothingLeft(machine, game);
    assert.doesNotMatch(await devices(machine), /gamelan\//);
    assert.doesNotMatch(
      await machine.output("cat /proc/$(systemctl show -P MainPID gamelan)/mounts"),
      /gamelan-input|\/input /,
    );
    assert.equal(await machine.output("systemctl --failed --plain --no-legend"), "");
  });
  await keepFigures("image-controllers", figures);
});

/** Waits until the page's game has said that it has started, or another session is played. */
function gameStarts(machine: Machine, page: Page): () => Promise<void> {
  return async () => {
    const id = sessionOf(page);
    await eventually("the game's start", async () => {
      if (page.isClosed() || !page.url().includes(id)) return true;
      const { code } = await machine.ssh(`grep -q started /run/gamelan/*/${id}/game.log`);
      return code === 0;
    }, { withinMs: SLOW_MS });
  };
}

async function inBox(machine: Machine, page: Page): Promise<GameInBox> {
  const id = sessionOf(page);
  const user = await page.evaluate(async (id) => {
    return (await (await fetch(`/api/sessions/${id}`)).json()).owner as string;
  }, id);
  return await GameInBox.find(machine, id, user, "controllers");
}

/** Ends the page's session. */
async function end(page: Page): Promise<void> {
  const id = sessionOf(page);
  await page.evaluate((id) => fetch(`/api/sessions/${id}`, { method: "DELETE" }), id);
}

const count = (events: GameEvent[], event: string) =>
  events.filter((one) => one.event === event).length;

/** Keys one after the other, with the time a game, or a terminal, needs for each. */
async function type(page: Page, keys: string[]): Promise<void> {
  for (const key of keys) await page.keyboard.press(key, { delay: 60 });
}

const small = (page: Page) => pixels(page, { width: 64, height: 36 });

/** What the game shows for a player: see controllers/game.c. */
function column({ width, height, data }: Picture, player: number): string {
  const x = Math.floor((player + 0.5) * width / 4);
  const at = (Math.floor(height / 2) * width + x) * 4;
  const [red, green, blue] = data.subarray(at, at + 3);
  if (green > 150 && red < 90 && blue < 90) return "green";
  if (red < 50 && green < 50 && blue < 50) return "black";
  const even = Math.max(red, green, blue) - Math.min(red, green, blue) < 40;
  return even && red > 70 && red < 160 ? "grey" : `rgb ${red} ${green} ${blue}`;
}

/** What evtest has written of each device in the game's sandbox. */
type Evtest = () => { name: string; text: string }[];

function evtestOf(files: () => Map<string, string>): Evtest {
  return () =>
    [...files()].filter(([path]) => path.startsWith("evtest-")).map(([, text]) => ({
      name: /Input device name: "(.*)"/.exec(text)?.[1] ?? "",
      text,
    }));
}

/** Waits until evtest has seen this of the session's device. */
async function seen(devicesOf: Evtest, device: string, what: RegExp): Promise<void> {
  await until(`${what} of ${device}`, () => {
    const { text } = devicesOf().find(({ name }) => name === device)!;
    return what.test(text.split("Testing")[1]);
  }, SLOW_MS);
}

const devices = (machine: Machine) => machine.output("cat /proc/bus/input/devices");

/** The kernel's name for a session's device, such as event5. */
async function eventNode(machine: Machine, game: GameInBox, device: string): Promise<string> {
  const phys = `P: Phys=gamelan/${game.sessionId}/${device}\n`;
  const text = (await devices(machine)).split("\n\n").find((one) => one.includes(phys));
  return /^H: Handlers=.*\b(event\d+)\b/m.exec(text ?? "")![1];
}

/** Waits until the session has left no device and no folder. */
async function nothingLeft(machine: Machine, game: GameInBox): Promise<void> {
  await eventually("the session's devices to go", async () => {
    return !(await devices(machine)).includes(`gamelan/${game.sessionId}/`);
  }, { withinMs: SLOW_MS });
  await eventually("the session's folder to go", async () => {
    return (await machine.ssh(`test -e ${game.inputFolder}`)).code !== 0;
  }, { withinMs: SLOW_MS });
}
