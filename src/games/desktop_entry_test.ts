import assert from "node:assert/strict";
import { join } from "node:path";
import { findIcon, licenseOf, parseDesktopEntry, splitExec } from "./desktop_entry.ts";

Deno.test("a desktop entry tells title, command and icon", () => {
  const entry = parseDesktopEntry(`[Desktop Entry]
Type=Application
Name=Neverball
Name[de]=Nimmerball
Comment=Roll
Exec=env A=1 /usr/games/neverball --fullscreen %U
Icon=neverball
Categories=Game;ArcadeGame;
[Desktop Action Editor]
Name=Editor
Exec=editor`);
  assert.deepEqual(entry, {
    name: "Neverball",
    comment: "Roll",
    exec: ["env", "A=1", "/usr/games/neverball", "--fullscreen"],
    icon: "neverball",
    isGame: true,
    terminal: false,
  });
});

Deno.test("what starts nothing is no entry", () => {
  assert.equal(parseDesktopEntry(""), undefined);
  assert.equal(parseDesktopEntry("[Desktop Entry]\nType=Link\nName=x\nExec=x"), undefined);
  assert.equal(parseDesktopEntry("[Desktop Entry]\nName=x"), undefined);
});

Deno.test("quoted arguments stay whole", () => {
  assert.deepEqual(splitExec(`"/opt/my game/run" --name "a \\"b\\"" %f 100%%`), [
    "/opt/my game/run",
    "--name",
    'a "b"',
    "100%",
  ]);
});

Deno.test("a licence is read from copyright files of both kinds", () => {
  assert.equal(licenseOf("Format: x\n\nFiles: *\nCopyright: a\nLicense: GPL-3+\n text"), "GPL-3+");
  assert.equal(licenseOf("see /usr/share/common-licenses/GPL-2."), "GPL-2");
  assert.equal(licenseOf("free"), "");
});

Deno.test("icons are found by size, and never outside of the package", async () => {
  const root = await Deno.makeTempDir();
  try {
    for (const size of ["48x48", "256x256"]) {
      const folder = join(root, `usr/share/icons/hicolor/${size}/apps`);
      await Deno.mkdir(folder, { recursive: true });
      await Deno.writeTextFile(join(folder, "game.png"), size);
    }
    assert.equal(await findIcon(root, "game"), "usr/share/icons/hicolor/256x256/apps/game.png");
    await Deno.symlink("/etc/hostname", join(root, "trap.png"));
    assert.equal(await findIcon(root, "trap"), undefined);
    assert.equal(await findIcon(root, "../../etc/hostname"), undefined);
    assert.equal(await findIcon(root, "/../../../../etc/os-release.png"), undefined);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
