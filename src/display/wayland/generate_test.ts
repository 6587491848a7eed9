import assert from "node:assert/strict";
import { generateBindings, staleBindings } from "./generate.ts";
import { parseProtocol } from "./protocol_xml.ts";

Deno.test("the committed bindings are what the protocol files give", async () => {
  assert.deepEqual(staleBindings(await generateBindings()), [], "run: deno task generate");
});

Deno.test("a protocol file is read with all that bindings need", () => {
  const [described] = parseProtocol(`<?xml version="1.0"?>
    <!-- <interface name="commented_out" version="1"/> -->
    <protocol name="p">
      <interface name="a_b" version="3">
        <description summary="one &amp; two">text</description>
        <description summary="second"/>
        <request name="go" type="destructor" since="2">
          <arg name="interface" type="object" interface="c" allow-null="true"/>
        </request>
        <event name="went"><arg name="t" type="uint"/></event>
        <enum name="e"><entry name="x" value="0x10"/></enum>
      </interface>
    </protocol>`);
  assert.deepEqual(described, {
    name: "a_b",
    version: 3,
    summary: "one & two",
    requests: [{
      name: "go",
      since: 2,
      destructor: true,
      summary: "",
      arguments: [{ name: "interface", type: "object", interface: "c", nullable: true }],
    }],
    events: [{
      name: "went",
      since: 1,
      destructor: false,
      summary: "",
      arguments: [{ name: "t", type: "uint", interface: undefined, nullable: false }],
    }],
    enums: [{ name: "e", entries: [{ name: "x", value: 16 }] }],
  });
});

Deno.test("broken protocol files are refused", () => {
  assert.throws(() => parseProtocol("<protocol><interface></protocol>"), /expected <\/interface>/);
  assert.throws(() => parseProtocol("<protocol>"), /got the end/);
  assert.throws(() => parseProtocol("<other></other>"), /expected a <protocol>/);
  assert.throws(
    () => parseProtocol('<protocol><interface version="1"/></protocol>'),
    /expected attribute name/,
  );
});
