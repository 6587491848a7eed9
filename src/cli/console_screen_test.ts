import assert from "node:assert/strict";
import { renderConsoleScreen } from "./console_screen.ts";

const screen = {
  house: "Gamelan",
  version: "1.2.3",
  urls: ["https://gamelan.local", "https://192.168.1.20"],
  trustUrl: "http://gamelan.local/trust",
  claimCode: "ABCD-2345",
  sshHostKey: `SHA256:${"x".repeat(43)}`,
};

/** The characters that a terminal shows, without control sequences. */
function shown(text: string): string[] {
  // deno-lint-ignore no-control-regex -- they are what is removed
  return text.replaceAll(/\x1b\[[\d;?]*[A-Za-z\]]/g, "").split("\r\n");
}

Deno.test("the screen of a box shows name, addresses and claim code, and fits 80 × 25 characters", () => {
  const lines = shown(renderConsoleScreen(screen));
  const text = lines.join("\n");
  for (
    const part of [
      ...screen.urls,
      screen.trustUrl,
      screen.claimCode,
      screen.version,
      screen.sshHostKey,
    ]
  ) {
    assert.ok(text.includes(part), `expected ${part} on the screen:\n${text}`);
  }
  assert.ok(lines.length <= 25, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.length <= 80, `${line.length} characters: ${line}`);
});

Deno.test("a claimed house shows no claim code, and its QR code has none either", () => {
  const text = renderConsoleScreen({ ...screen, claimCode: undefined });
  assert.ok(!text.includes("Claim"));
  assert.notEqual(
    shown(text).filter((line) => line.includes("█")).join(),
    shown(renderConsoleScreen(screen)).filter((line) => line.includes("█")).join(),
  );
});

Deno.test("without a network the screen says what to do", () => {
  const text = shown(renderConsoleScreen({ house: "Gamelan", version: "1", urls: [] })).join("\n");
  assert.match(text, /no network yet/);
  assert.ok(!text.includes("undefined"));
});

Deno.test("a house's name cannot write elsewhere on the screen", () => {
  const text = renderConsoleScreen({ ...screen, house: "Ours\x1b[2J\r\n\x07" });
  assert.ok(text.includes("Ours[2J"));
});
