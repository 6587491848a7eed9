import assert from "node:assert/strict";
import { EventLoop } from "../wayland/event_loop.ts";
import { Pads } from "./pads.ts";

const openFiles = () => [...Deno.readDirSync("/proc/self/fd")].length;

Deno.test("files that are no gamepads are left alone and not kept open", () => {
  const directory = Deno.makeTempDirSync();
  const loop = new EventLoop();
  let events = 0;
  const pads = new Pads(loop, directory, () => events++);
  pads.scan();
  const before = openFiles();
  Deno.writeTextFileSync(`${directory}/event0`, "not a device");
  Deno.symlinkSync("/nowhere", `${directory}/event1`);
  Deno.symlinkSync("/dev/null", `${directory}/event2`);
  Deno.mkdirSync(`${directory}/event3`);
  Deno.writeTextFileSync(`${directory}/mouse0`, "");
  pads.scan();
  pads.scan();
  assert.equal(openFiles(), before);
  assert.equal(events, 0);
  assert.ok(pads.views.every((view) => view === undefined));
  pads.close();
  loop.close();
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("without a directory there are no pads", () => {
  const loop = new EventLoop();
  const pads = new Pads(loop, "/nowhere/at/all", () => {});
  pads.scan();
  pads.close();
  loop.close();
});
