import assert from "node:assert/strict";
import { BUTTON_PRESS, KEY_PRESS, KEY_RELEASE, MOTION_NOTIFY } from "../../ffi/libxcb.ts";
import { libxcbXfixes } from "../../ffi/libxcb_xfixes.ts";
import { type CapturedFrame, FrameReader, FrameRing } from "../../src/media/frame_ring.ts";
import type { DisplayEvent } from "../../src/media/stages.ts";
import { encodeInput, type InputEvent } from "../../src/protocol/input.ts";
import { DesktopClipboard } from "../../src/display/x11/clipboard.ts";
import { XConnection } from "../../src/display/x11/connection.ts";
import { startX11Source } from "../../src/display/x11/source.ts";
import { sleep, TestClient, until } from "./test_client.ts";
import { startXvfb } from "./xvfb.ts";

const mode = { width: 1280, height: 720, fps: 60 };

async function withSource(
  size: [number, number],
  body: (context: {
    display: string;
    source: ReturnType<typeof startX11Source>;
    reader: FrameReader;
    events: DisplayEvent[];
    send: (event: InputEvent) => void;
    kill: () => Promise<void>;
    frame: (condition: (frame: CapturedFrame) => boolean) => Promise<CapturedFrame>;
  }) => Promise<void>,
): Promise<void> {
  const server = await startXvfb(...size);
  const ring = FrameRing.allocate(1920, 1080);
  const reader = new FrameReader(ring);
  const source = startX11Source({ display: server.display, mode, ring });
  const events: DisplayEvent[] = [];
  source.onEvent = (event) => events.push(event);
  let killed = false;
  const kill = async () => {
    if (killed) return;
    killed = true;
    await server.kill();
  };
  let last: CapturedFrame | undefined;
  const frame = (condition: (frame: CapturedFrame) => boolean) =>
    until("a picture with the expected content", () => {
      last = reader.take() ?? last;
      return last && condition(last) ? last : undefined;
    });
  try {
    await until("ready", () => events.some((event) => event.type === "ready"));
    await body({
      display: server.display,
      source,
      reader,
      events,
      send: (event) => source.input(encodeInput(event)),
      kill,
      frame,
    });
  } finally {
    await source.close();
    await kill();
  }
}

const luma = (frame: CapturedFrame, x: number, y: number) => frame.y[y * frame.yStride + x];

Deno.test("what a client draws arrives once, and an idle desktop publishes nothing", async () => {
  await withSource([1280, 720], async ({ display, frame, reader, events }) => {
    await frame((picture) => luma(picture, 200, 200) === 16);
    const client = new TestClient(display, 100, 100, 300, 200);
    const picture = await frame((seen) => luma(seen, 200, 200) === 235);
    assert.deepEqual([picture.width, picture.height], [1280, 720]);
    assert.deepEqual([luma(picture, 99, 150), luma(picture, 100, 100), luma(picture, 399, 299)], [
      16,
      235,
      235,
    ]);
    assert.ok(picture.capturedMs >= picture.commitMs && picture.commitMs > 0);
    await sleep(100);
    const published = reader.ring.published;
    await sleep(300);
    assert.equal(reader.ring.published, published);
    assert.ok(events.some((event) => event.type === "first-frame"));
    const cursor = events.find((event) => event.type === "cursor");
    assert.match(cursor?.image ?? "", /^data:image\/png;base64,/);
    client.close();
  });
});

Deno.test("a 4:3 desktop is letterboxed and the pointer still hits what it points at", async () => {
  await withSource([800, 600], async ({ display, frame, send }) => {
    const client = new TestClient(display, 0, 0, 800, 600);
    // 720 / 600: the desktop is 960 pixels wide in the picture, bars of 160.
    const picture = await frame((seen) => luma(seen, 640, 360) === 235);
    assert.deepEqual([luma(picture, 150, 360), luma(picture, 1130, 360)], [16, 16]);
    assert.deepEqual([luma(picture, 170, 5), luma(picture, 1110, 715)], [235, 235]);
    send({ kind: "pointer-absolute", timeMs: 0, x: 0.5, y: 0.5 });
    await until(
      "the pointer in the middle",
      () => client.seen(MOTION_NOTIFY).some(([, x, y]) => x === 400 && y === 300),
    );
    client.close();
  });
});

Deno.test("keys, buttons, wheel, movement and text reach the focused window", async () => {
  await withSource([1280, 720], async ({ display, send }) => {
    const client = new TestClient(display, 0, 0, 1280, 720);
    send({ kind: "pointer-absolute", timeMs: 0, x: 0.25, y: 0.25 });
    send({ kind: "key", timeMs: 0, code: 30, down: true });
    send({ kind: "key", timeMs: 0, code: 30, down: true });
    send({ kind: "button", timeMs: 0, code: 0x111, down: true });
    send({ kind: "wheel", timeMs: 0, dx: 0, dy: 60 });
    send({ kind: "wheel", timeMs: 0, dx: 0, dy: 60 });
    send({ kind: "pointer-relative", timeMs: 0, dx: 10.6, dy: -3 });
    send({ kind: "pointer-relative", timeMs: 0, dx: 0.6, dy: 0 });
    await until("two presses", () => client.seen(BUTTON_PRESS).length === 2);
    assert.deepEqual(client.seen(KEY_PRESS).map(([code]) => code), [38]);
    assert.deepEqual(client.seen(BUTTON_PRESS).map(([button]) => button), [3, 5]);
    const start = client.seen(MOTION_NOTIFY)[0];
    const end = await until(
      "the movement's rest",
      () => client.seen(MOTION_NOTIFY).find(([, x]) => x === start[1] + 11),
    );
    assert.equal(end[2], start[2] - 3);
    send({ kind: "release-all", timeMs: 0 });
    await until("the key's release", () => client.seen(KEY_RELEASE).length === 1);
    send({ kind: "text", timeMs: 0, text: "aÄガ" });
    await until("typed keys", () => client.seen(KEY_PRESS).length >= 4);
    client.close();
  });
});

Deno.test("text of any script is typed by lending spare keycodes", async () => {
  await withSource([640, 480], async ({ display, send }) => {
    const output = await Deno.makeTempFile();
    const terminal = new Deno.Command("xterm", {
      args: ["-u8", "-e", `stty -echo; cat > ${output}`],
      env: { DISPLAY: display, LC_ALL: "C.UTF-8" },
      stderr: "null",
    }).spawn();
    const typed = "Hello, ÄÖ ß €5 ガムラン Ω!";
    // The terminal takes the focus when the pointer is over it.
    send({ kind: "pointer-absolute", timeMs: 0, x: 0.3, y: 0.3 });
    for (let i = 0; i < 50 && !Deno.readTextFileSync(output).includes("x"); i++) {
      await sleep(100);
      send({ kind: "text", timeMs: 0, text: "x\n" });
    }
    send({ kind: "text", timeMs: 0, text: `\n${typed}\n` });
    await until(
      "the text in the terminal",
      () => Deno.readTextFileSync(output).split("\n").includes(typed),
    );
    terminal.kill();
    await terminal.status;
    await Deno.remove(output);
  });
});

Deno.test("clipboard text goes both ways", async () => {
  await withSource([640, 480], async ({ display, source, events }) => {
    const connection = XConnection.open(display);
    const xfixes = connection.extension("XFIXES")!;
    connection.reply(libxcbXfixes().xcb_xfixes_query_version(connection.handle, 5, 0));
    const texts: string[] = [];
    const other = new DesktopClipboard(connection, xfixes, (text) => texts.push(text));
    connection.atom("SYNC_2");
    const turn = () => {
      for (let event = connection.nextEvent(); event; event = connection.nextEvent()) {
        other.handle(event);
      }
    };
    source.setClipboard("from the browser ガ");
    await until("the browser's text", () => (turn(), texts.includes("from the browser ガ")));
    const long = "from the desktop ".repeat(10000);
    other.set(long);
    await until("the desktop's text", () => {
      turn();
      return events.some((event) => event.type === "clipboard" && event.text === long);
    });
    connection.close();
  });
});

Deno.test("the stream follows a change of the mode", async () => {
  await withSource([1280, 720], async ({ display, source, frame }) => {
    const client = new TestClient(display, 0, 0, 1280, 720);
    await frame((seen) => luma(seen, 10, 10) === 235);
    source.setMode({ width: 640, height: 480, fps: 30 });
    await frame((seen) =>
      seen.width === 640 && luma(seen, 5, 5) === 16 && luma(seen, 320, 240) > 200
    );
    client.close();
  });
});

Deno.test("an X server that dies or is not there is reported in words", async () => {
  await withSource([640, 480], async ({ events, kill }) => {
    await kill();
    const failed = await until("failed", () => events.find((event) => event.type === "failed"));
    assert.match(failed.type === "failed" ? failed.message : "", /went away/);
  });
  const source = startX11Source({ display: ":987", mode, ring: FrameRing.allocate(1280, 720) });
  const failed = Promise.withResolvers<string>();
  source.onEvent = (event) => {
    if (event.type === "failed") failed.resolve(event.message);
  };
  assert.match(await failed.promise, /expected an X server at :987/);
  await source.close();
});
