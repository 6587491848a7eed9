import assert from "node:assert/strict";
import { join } from "node:path";
import { unpackConfined } from "./confined.ts";

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-confined-" });
  try {
    await Deno.mkdir(join(folder, "to"));
    await Deno.writeTextFile(join(folder, "from"), "archive");
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("an unpacking program sees its archive and its folder, and nothing else", async () => {
  await inFolder(async (folder) => {
    const script =
      `cat /source > seen; ls / > root; cat ${folder}/from > outside; ls /root /home; ` +
      "echo x > /usr/x; echo x > /source; exit 0";
    await unpackConfined(["sh", "-c", script], join(folder, "from"), join(folder, "to"));
    const read = (name: string) => Deno.readTextFile(join(folder, "to", name));
    assert.equal(await read("seen"), "archive");
    assert.equal(await read("outside"), "");
    const seen = (await read("root")).trim().split("\n").filter((name) =>
      !/^(s?bin|lib|lib64|usr|proc|dev|tmp|source|destination)$/.test(name)
    );
    assert.deepEqual(seen, []);
    assert.equal(await Deno.readTextFile(join(folder, "from")), "archive");
  });
});

Deno.test("an archive that unpacks to too much is stopped, in one file or in many", async () => {
  await inFolder(async (folder) => {
    const many = "i=0; while :; do head -c 1000000 /dev/zero > $i; i=$((i+1)); done";
    for (const script of ["head -c 50000000 /dev/zero > big", many]) {
      await assert.rejects(
        unpackConfined(["sh", "-c", script], join(folder, "from"), join(folder, "to"), {
          maxBytes: 10_000_000,
        }),
        /unpacks to more than the 10000000 bytes|ended with code/,
      );
    }
  });
});
