/** 5.1 from a game to the speakers of a player, by way of the house, a session and the real page. */
import { chromium } from "playwright-core";
import { assertHeard, eachOnItsOwn, playTones } from "../audio/six_tones.ts";
import { startSpeakers } from "../audio/speakers.ts";
import { AUTOPLAY, CHROMIUM, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { until } from "./browser.ts";
import { startHouse } from "./house.ts";
import { claim, play, sessionOf } from "./player.ts";

/** `PULSE_SERVER` of the session's game, as its sandbox finds it. */
async function soundOf(sessionId: string): Promise<string> {
  return await until("the session's sound server", async () => {
    const { stdout } = await new Deno.Command("pgrep", {
      args: ["--full", "--list-full", `/${sessionId}/sound/start\\.pa`],
    }).output();
    const folder = /(\/\S*\/sound)\/start\.pa/.exec(new TextDecoder().decode(stdout))?.[1];
    return folder && `unix:${folder}/pulse.sock`;
  });
}

Deno.test("a player with 5.1 speakers hears each channel of a 5.1 game on its own", async () => {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-e2e-surround-" });
  const speakers = await startSpeakers(folder, 6);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [...CHROMIUM_FLAGS, AUTOPLAY],
    ignoreDefaultArgs: ["--mute-audio"],
    env: { ...Deno.env.toObject(), PULSE_SERVER: speakers.server },
  });
  try {
    await using house = await startHouse();
    const page = await browser.newPage();
    await claim(page, house);
    await play(page, "testcard");
    // In the Test card's place, which is silent: a game with a channel for each speaker.
    const tones = playTones(await soundOf(sessionOf(page)));
    try {
      await assertHeard(speakers, eachOnItsOwn);
    } finally {
      await tones.close();
    }
  } finally {
    await browser.close();
    await speakers.close();
    await Deno.remove(folder, { recursive: true });
  }
});
