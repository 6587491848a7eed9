import assert from "node:assert/strict";
import { libc, O_CLOEXEC } from "../../ffi/libc.ts";
import {
  WlDataDeviceManagerProxy,
  type WlDataOfferProxy,
} from "../../src/display/wayland/generated/wayland.ts";
import {
  ZwpPrimarySelectionDeviceManagerV1Proxy,
  type ZwpPrimarySelectionOfferV1Proxy,
} from "../../src/display/wayland/generated/primary-selection-unstable-v1.ts";
import { MAX_CLIPBOARD_TEXT } from "../../src/display/wayland/transfers.ts";
import { DisplayUnderTest, SMALL } from "./display_under_test.ts";
import { RED, TestClient } from "./test_client.ts";

const TEXT = "text/plain;charset=utf-8";

function pipe(): [number, number] {
  const ends = new Int32Array(2);
  assert.equal(libc.pipe2(new Uint8Array(ends.buffer), O_CLOEXEC), 0);
  return [ends[0], ends[1]];
}

function readAll(fd: number): string {
  const chunk = new Uint8Array(65536);
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const count = Number(libc.read(fd, chunk, BigInt(chunk.length)));
    assert.ok(count >= 0);
    if (count === 0) break;
    text += decoder.decode(chunk.subarray(0, count), { stream: true });
  }
  libc.close(fd);
  return text;
}

function focusedClient(display: DisplayUnderTest) {
  const client = new TestClient(display.connect());
  const { seat, keyboard } = client.seat();
  let focused = false;
  keyboard.listener = {
    keymap: (_format, fd) => void libc.close(fd),
    enter: () => focused = true,
  };
  client.window().fill(SMALL.width, SMALL.height, RED);
  return { client, seat, focus: () => client.until("focus", () => focused) };
}

Deno.test("text of the browser is pasted by a program, also when it is long", () =>
  DisplayUnderTest.run(async (display) => {
    const { client, seat, focus } = focusedClient(display);
    await focus();
    const manager = client.globals.bind(WlDataDeviceManagerProxy, 3);
    const offers: { offer: WlDataOfferProxy; types: string[] }[] = [];
    manager.getDataDevice(seat).listener = {
      dataOffer: (offer) => {
        const types: string[] = [];
        offer.listener = { offer: (type) => types.push(type) };
        offers.push({ offer, types });
      },
    };
    const primaries: ZwpPrimarySelectionOfferV1Proxy[] = [];
    client.globals.bind(ZwpPrimarySelectionDeviceManagerV1Proxy, 1).getDevice(seat).listener = {
      dataOffer: (offer) => primaries.push(offer),
    };
    client.connection.roundtrip();
    const text = "Grüße 日本 ".repeat(15_000);
    display.source.setClipboard(text);
    await client.until("offers", () => offers.length > 0 && primaries.length > 0);
    client.connection.roundtrip();
    assert.ok(offers[0].types.includes(TEXT));
    for (const offer of [offers[0].offer, primaries[0]]) {
      const [readEnd, writeEnd] = pipe();
      offer.receive(TEXT, writeEnd);
      client.connection.flush();
      libc.close(writeEnd);
      assert.equal(readAll(readEnd), text);
    }
  }));

function copy(client: TestClient, seat: ReturnType<TestClient["seat"]>["seat"], text: string) {
  const manager = client.globals.bind(WlDataDeviceManagerProxy, 3);
  const source = manager.createDataSource();
  source.offer(TEXT);
  const state = { asked: 0, cancelled: false };
  source.listener = {
    send: (type, fd) => {
      assert.equal(type, TEXT);
      state.asked++;
      const bytes = new TextEncoder().encode(text);
      for (let sent = 0; sent < bytes.length;) {
        const rest = bytes.subarray(sent);
        const count = Number(libc.write(fd, rest, BigInt(rest.length)));
        if (count < 0) break;
        sent += count;
      }
      libc.close(fd);
    },
    cancelled: () => state.cancelled = true,
  };
  manager.getDataDevice(seat).setSelection(source, 1);
  client.connection.flush();
  return state;
}

Deno.test("text that a program copies reaches the browser, and the browser's replaces it", () =>
  DisplayUnderTest.run(async (display) => {
    const { client, seat, focus } = focusedClient(display);
    await focus();
    const state = copy(client, seat, "copied");
    await client.until("send", () => state.asked > 0);
    const { text } = await display.event("clipboard");
    assert.equal(text, "copied");
    display.source.setClipboard("newer");
    await client.until("cancelled", () => state.cancelled);
  }));

Deno.test("more text than allowed does not reach the browser and what follows does", () =>
  DisplayUnderTest.run(async (display) => {
    const { client, seat, focus } = focusedClient(display);
    await focus();
    const state = copy(client, seat, "x".repeat(MAX_CLIPBOARD_TEXT + 1));
    await client.until("send", () => state.asked > 0);
    const next = copy(client, seat, "short");
    await client.until("send", () => next.asked > 0);
    await display.event("clipboard", ({ text }) => text === "short");
    assert.equal(display.events.filter(({ type }) => type === "clipboard").length, 1);
  }));
