/** Compares every structure, request and code with the kernel's own headers, through a C program. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as uinput from "../../ffi/uinput.ts";
import { evdevCodes, evdevMouseButtons } from "../../src/protocol/keycodes.ts";

/** KEY_* of each KeyboardEvent.code, as names: the numbers come from the header. */
const keyNames: Record<string, string> = {
  Escape: "KEY_ESC",
  Fn: "KEY_FN",
  PrintScreen: "KEY_SYSRQ",
  ScrollLock: "KEY_SCROLLLOCK",
  Pause: "KEY_PAUSE",
  Backquote: "KEY_GRAVE",
  Minus: "KEY_MINUS",
  Equal: "KEY_EQUAL",
  BracketLeft: "KEY_LEFTBRACE",
  BracketRight: "KEY_RIGHTBRACE",
  Backslash: "KEY_BACKSLASH",
  Semicolon: "KEY_SEMICOLON",
  Quote: "KEY_APOSTROPHE",
  IntlBackslash: "KEY_102ND",
  Comma: "KEY_COMMA",
  Period: "KEY_DOT",
  Slash: "KEY_SLASH",
  IntlRo: "KEY_RO",
  IntlYen: "KEY_YEN",
  Tab: "KEY_TAB",
  CapsLock: "KEY_CAPSLOCK",
  ShiftLeft: "KEY_LEFTSHIFT",
  ShiftRight: "KEY_RIGHTSHIFT",
  ControlLeft: "KEY_LEFTCTRL",
  ControlRight: "KEY_RIGHTCTRL",
  AltLeft: "KEY_LEFTALT",
  AltRight: "KEY_RIGHTALT",
  MetaLeft: "KEY_LEFTMETA",
  MetaRight: "KEY_RIGHTMETA",
  OSLeft: "KEY_LEFTMETA",
  OSRight: "KEY_RIGHTMETA",
  ContextMenu: "KEY_COMPOSE",
  Space: "KEY_SPACE",
  Enter: "KEY_ENTER",
  Backspace: "KEY_BACKSPACE",
  Convert: "KEY_HENKAN",
  NonConvert: "KEY_MUHENKAN",
  KanaMode: "KEY_KATAKANAHIRAGANA",
  Lang1: "KEY_HANGEUL",
  Lang2: "KEY_HANJA",
  Lang3: "KEY_KATAKANA",
  Lang4: "KEY_HIRAGANA",
  Lang5: "KEY_ZENKAKUHANKAKU",
  Katakana: "KEY_KATAKANA",
  Hiragana: "KEY_HIRAGANA",
  Insert: "KEY_INSERT",
  Delete: "KEY_DELETE",
  Home: "KEY_HOME",
  End: "KEY_END",
  PageUp: "KEY_PAGEUP",
  PageDown: "KEY_PAGEDOWN",
  Help: "KEY_HELP",
  ArrowUp: "KEY_UP",
  ArrowLeft: "KEY_LEFT",
  ArrowRight: "KEY_RIGHT",
  ArrowDown: "KEY_DOWN",
  NumLock: "KEY_NUMLOCK",
  NumpadAdd: "KEY_KPPLUS",
  NumpadSubtract: "KEY_KPMINUS",
  NumpadMultiply: "KEY_KPASTERISK",
  NumpadDivide: "KEY_KPSLASH",
  NumpadDecimal: "KEY_KPDOT",
  NumpadComma: "KEY_KPCOMMA",
  NumpadEnter: "KEY_KPENTER",
  NumpadEqual: "KEY_KPEQUAL",
  NumpadParenLeft: "KEY_KPLEFTPAREN",
  NumpadParenRight: "KEY_KPRIGHTPAREN",
  NumpadClear: "KEY_CLEAR",
  NumpadStar: "KEY_NUMERIC_STAR",
  NumpadHash: "KEY_NUMERIC_POUND",
  AudioVolumeMute: "KEY_MUTE",
  AudioVolumeDown: "KEY_VOLUMEDOWN",
  AudioVolumeUp: "KEY_VOLUMEUP",
  VolumeMute: "KEY_MUTE",
  VolumeDown: "KEY_VOLUMEDOWN",
  VolumeUp: "KEY_VOLUMEUP",
  MicrophoneMuteToggle: "KEY_MICMUTE",
  MediaPlayPause: "KEY_PLAYPAUSE",
  MediaPlay: "KEY_PLAY",
  MediaPause: "KEY_PAUSECD",
  MediaStop: "KEY_STOPCD",
  MediaTrackNext: "KEY_NEXTSONG",
  MediaTrackPrevious: "KEY_PREVIOUSSONG",
  MediaFastForward: "KEY_FASTFORWARD",
  MediaRewind: "KEY_REWIND",
  MediaRecord: "KEY_RECORD",
  MediaSelect: "KEY_CONFIG",
  Eject: "KEY_EJECTCD",
  BrowserBack: "KEY_BACK",
  BrowserForward: "KEY_FORWARD",
  BrowserHome: "KEY_HOMEPAGE",
  BrowserRefresh: "KEY_REFRESH",
  BrowserStop: "KEY_STOP",
  BrowserSearch: "KEY_SEARCH",
  BrowserFavorites: "KEY_BOOKMARKS",
  LaunchApp1: "KEY_FILE",
  LaunchApp2: "KEY_CALC",
  LaunchMail: "KEY_MAIL",
  BrightnessUp: "KEY_BRIGHTNESSUP",
  BrightnessDown: "KEY_BRIGHTNESSDOWN",
  DisplayToggleIntExt: "KEY_SWITCHVIDEOMODE",
  KeyboardBacklightToggle: "KEY_KBDILLUMTOGGLE",
  KeyboardLayoutSelect: "KEY_KBD_LAYOUT_NEXT",
  PrivacyScreenToggle: "KEY_PRIVACY_SCREEN_TOGGLE",
  ZoomToggle: "KEY_ZOOM",
  Power: "KEY_POWER",
  Sleep: "KEY_SLEEP",
  WakeUp: "KEY_WAKEUP",
  Suspend: "KEY_SUSPEND",
  Again: "KEY_AGAIN",
  Copy: "KEY_COPY",
  Cut: "KEY_CUT",
  Find: "KEY_FIND",
  Open: "KEY_OPEN",
  Paste: "KEY_PASTE",
  Props: "KEY_PROPS",
  Select: "KEY_SELECT",
  Undo: "KEY_UNDO",
};
for (let n = 1; n <= 24; n++) keyNames[`F${n}`] = `KEY_F${n}`;
for (let n = 0; n <= 9; n++) {
  keyNames[`Digit${n}`] = `KEY_${n}`;
  keyNames[`Numpad${n}`] = `KEY_KP${n}`;
}
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") keyNames[`Key${letter}`] = `KEY_${letter}`;

/** Compiles and runs a C program; standard output as text. */
async function runC(body: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-headers-" });
  try {
    const source = join(folder, "probe.c");
    await Deno.writeTextFile(
      source,
      `#include <stdio.h>\n#include <string.h>\n#include <sys/sysmacros.h>\n#include <poll.h>\n` +
        `#include <sys/stat.h>\n#include <linux/uinput.h>\n` +
        `static void bytes(const char *n, const void *p, unsigned l) { const unsigned char *b = p;` +
        ` printf("%s ", n); while (l--) printf("%02x", *b++); printf("\\n"); }\n` +
        `int main(void) {\n${body}\nreturn 0; }\n`,
    );
    const program = join(folder, "probe");
    const built = await new Deno.Command("gcc", { args: ["-Wall", "-o", program, source] })
      .output();
    assert.ok(
      built.success,
      `expected gcc and linux-libc-dev: ${new TextDecoder().decode(built.stderr)}`,
    );
    return new TextDecoder().decode((await new Deno.Command(program).output()).stdout);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const lines = (text: string) =>
  Object.fromEntries(text.trim().split("\n").map((line) => line.split(" ") as [string, string]));
const hex = (bytes: Uint8Array) => bytes.toHex();

Deno.test("every key code is the kernel's", async () => {
  assert.deepEqual(Object.keys(evdevCodes).sort(), Object.keys(keyNames).sort());
  const printed = lines(
    await runC(
      Object.entries(keyNames).map(([code, name]) => `printf("${code} %d\\n", ${name});`).join(
        "\n",
      ),
    ),
  );
  for (const [code, number] of Object.entries(printed)) {
    assert.equal(evdevCodes[code], Number(number), `${code} is ${keyNames[code]}`);
  }
  const buttons = lines(
    await runC(
      ["BTN_LEFT", "BTN_MIDDLE", "BTN_RIGHT", "BTN_SIDE", "BTN_EXTRA"].map((name) =>
        `printf("${name} %d\\n", ${name});`
      ).join("\n"),
    ),
  );
  assert.deepEqual(Object.values(buttons).map(Number), [...evdevMouseButtons]);
});

Deno.test("every uinput request and event code is the kernel's", async () => {
  const constants = Object.entries(uinput).filter(([name, value]) =>
    typeof value === "number" && !["INPUT_EVENT_BYTES", "UI_GET_SYSNAME_64"].includes(name)
  ) as [string, number][];
  assert.ok(constants.length > 50);
  const printed = lines(
    await runC(
      [
        ...constants.map(([name]) => `printf("${name} %u\\n", (unsigned) ${name});`),
        `printf("UI_GET_SYSNAME_64 %u\\n", (unsigned) UI_GET_SYSNAME(64));`,
        `printf("INPUT_EVENT_BYTES %u\\n", (unsigned) sizeof(struct input_event));`,
      ].join("\n"),
    ),
  );
  for (const [name, value] of constants) assert.equal(value, Number(printed[name]), name);
  assert.equal(uinput.UI_GET_SYSNAME_64, Number(printed.UI_GET_SYSNAME_64));
  assert.equal(uinput.INPUT_EVENT_BYTES, Number(printed.INPUT_EVENT_BYTES));
});

Deno.test("structures are byte for byte those of the kernel", async () => {
  const printed = lines(
    await runC(`
    struct uinput_setup setup; memset(&setup, 0, sizeof setup);
    setup.id.bustype = BUS_USB; setup.id.vendor = 0x045e; setup.id.product = 0x028e;
    setup.id.version = 0x0114; setup.ff_effects_max = 16;
    strcpy(setup.name, "Microsoft X-Box 360 pad");
    bytes("setup", &setup, sizeof setup);
    memset(setup.name, 'x', UINPUT_MAX_NAME_SIZE - 1);
    bytes("longName", &setup, sizeof setup);
    struct uinput_abs_setup abs; memset(&abs, 0, sizeof abs);
    abs.code = ABS_RX; abs.absinfo.minimum = -32768; abs.absinfo.maximum = 32767;
    abs.absinfo.fuzz = 16; abs.absinfo.flat = 128;
    bytes("abs", &abs, sizeof abs);
    struct input_event events[2]; memset(events, 0, sizeof events);
    events[0].type = EV_ABS; events[0].code = ABS_Y; events[0].value = -32768;
    bytes("events", events, sizeof events);
    struct uinput_ff_upload upload; memset(&upload, 0, sizeof upload);
    upload.request_id = 7; bytes("upload", &upload, sizeof upload);
    upload.effect.type = FF_RUMBLE; upload.effect.id = 3; upload.effect.replay.length = 250;
    upload.effect.replay.delay = 10; upload.effect.u.rumble.strong_magnitude = 0xc000;
    upload.effect.u.rumble.weak_magnitude = 0x4000; upload.effect.direction = 0x1111;
    bytes("rumble", &upload, sizeof upload);
    upload.retval = -22; bytes("refused", &upload, sizeof upload);
    struct uinput_ff_erase erase; memset(&erase, 0, sizeof erase);
    erase.request_id = 8; bytes("erase", &erase, sizeof erase);
    erase.effect_id = 5; bytes("erased", &erase, sizeof erase);
    struct pollfd fds[2] = {{ 3, POLLIN, 0 }, { 9, POLLIN, POLLIN }};
    bytes("polled", fds, sizeof fds);
    printf("device %llu\\n", (unsigned long long) makedev(13, 64));
    printf("bigDevice %llu\\n", (unsigned long long) makedev(0x12345, 0xabcdef));
  `),
  );
  const setup = {
    bustype: 3,
    vendor: 0x045e,
    product: 0x028e,
    version: 0x0114,
    name: "Microsoft X-Box 360 pad",
    effects: 16,
  };
  assert.equal(hex(uinput.uinputSetup(setup)), printed.setup);
  assert.equal(hex(uinput.uinputSetup({ ...setup, name: "x".repeat(200) })), printed.longName);
  const axis = { minimum: -32768, maximum: 32767, fuzz: 16, flat: 128 };
  assert.equal(hex(uinput.uinputAbsSetup(uinput.ABS_RX, axis)), printed.abs);
  assert.equal(
    hex(uinput.inputEvents([[uinput.EV_ABS, uinput.ABS_Y, -32768], [0, 0, 0]])),
    printed.events,
  );
  assert.deepEqual(uinput.readInputEvents(Uint8Array.fromHex(printed.events)), [
    [uinput.EV_ABS, uinput.ABS_Y, -32768],
    [0, 0, 0],
  ]);
  assert.equal(hex(uinput.uinputFfUpload(7)), printed.upload);
  const rumble = Uint8Array.fromHex(printed.rumble);
  assert.deepEqual(uinput.uploadedEffect(rumble), {
    type: uinput.FF_RUMBLE,
    id: 3,
    lengthMs: 250,
    delayMs: 10,
    strong: 0xc000,
    weak: 0x4000,
  });
  uinput.setFfResult(rumble, -22);
  assert.equal(hex(rumble), printed.refused);
  assert.equal(hex(uinput.uinputFfErase(8)), printed.erase);
  assert.equal(uinput.erasedEffect(Uint8Array.fromHex(printed.erased)), 5);
  assert.deepEqual(uinput.pollReady(Uint8Array.fromHex(printed.polled)), [false, true]);
  assert.equal(hex(uinput.pollInput([3])), printed.polled.slice(0, 16));
  assert.equal(uinput.deviceNumber(13, 64), BigInt(printed.device));
  assert.equal(uinput.deviceNumber(0x12345, 0xabcdef), BigInt(printed.bigDevice));
});
