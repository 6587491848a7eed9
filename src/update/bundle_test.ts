import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { keyId } from "../system/ed25519.ts";
import { certifyKey, type KeyCertificate, type KeyHistory } from "./keys.ts";
import { BundleRefused, type Refusal } from "./refused.ts";
import { type BundleDescription, signBundle } from "./sign.ts";
import { type Machine, readBundleHead, verifyBundle, verifyHead } from "./verify.ts";
import { compareVersions, SystemVersion } from "./version.ts";

interface Pair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}
const pair = (): Pair => generateKeyPairSync("ed25519");
const [old, next, later, stranger] = [pair(), pair(), pair(), pair()];
const noHistory: KeyHistory = { added: [], retired: [] };

const machine = (changes: Partial<Machine> = {}): Machine => ({
  product: "gamelan",
  architecture: "amd64",
  version: "1.4.0",
  imageKeys: [old.publicKey],
  keyHistory: noHistory,
  ...changes,
});

async function withBundle(
  body: (folder: string) => Promise<void>,
  description: Partial<BundleDescription> = {},
  key = old.privateKey,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "gamelan-bundle-" });
  try {
    await Deno.writeTextFile(join(folder, "gamelan_1.5.0.root.raw"), "root ".repeat(5000));
    await Deno.writeTextFile(join(folder, "gamelan_1.5.0.efi"), "kernel");
    await signBundle(folder, {
      product: "gamelan",
      architecture: "amd64",
      version: "1.5.0",
      ...description,
    }, key);
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function refused(reason: Refusal, message: RegExp, attempt: Promise<unknown>) {
  await assert.rejects(attempt, (error: unknown) => {
    assert.ok(error instanceof BundleRefused, String(error));
    assert.match(error.message, message);
    assert.equal(error.reason, reason);
    return true;
  });
}

Deno.test("a signed bundle for this machine is accepted, with its digest", async () => {
  await withBundle(async (folder) => {
    const { manifest, digest, keyHistory } = await verifyBundle(folder, machine());
    assert.equal(manifest.version, "1.5.0");
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.deepEqual(keyHistory, noHistory);
    await verifyBundle(folder, machine({ version: "1.5.0", digest }));
  });
});

Deno.test("any changed byte of a file, the manifest or the signature is refused", async () => {
  await withBundle(async (folder) => {
    for (const name of ["gamelan_1.5.0.root.raw", "manifest.json", "manifest.json.sig"]) {
      const path = join(folder, name);
      const original = await Deno.readFile(path);
      for (let round = 0; round < 40; round++) {
        const changed = original.slice();
        changed[Math.floor(changed.length * round / 40)] ^= 1 << (round % 8);
        await Deno.writeFile(path, changed);
        await assert.rejects(
          verifyBundle(folder, machine()),
          BundleRefused,
          `${name} with byte ${round}/40 changed`,
        );
      }
      await Deno.writeFile(path, original);
    }
    await verifyBundle(folder, machine());
  });
});

Deno.test("changed, truncated, missing and added files are told apart", async () => {
  await withBundle(async (folder) => {
    const path = join(folder, "gamelan_1.5.0.root.raw");
    const original = await Deno.readFile(path);
    await Deno.writeFile(path, original.slice(0, 1234));
    await refused("truncated", /1234 of 25000 bytes/, verifyBundle(folder, machine()));
    await Deno.writeFile(path, original.slice().fill(0, 20000));
    await refused("tampered", /not what was signed/, verifyBundle(folder, machine()));
    await Deno.remove(path);
    await refused("truncated", /lacks gamelan_1\.5\.0\.root\.raw/, verifyBundle(folder, machine()));
    await Deno.symlink("/etc/passwd", path);
    await refused("tampered", /no plain file/, verifyBundle(folder, machine()));
    await Deno.remove(path);
    await Deno.writeFile(path, original);
    await Deno.writeTextFile(join(folder, "gamelan_9.0.0.efi"), "unsigned");
    await refused("tampered", /holds gamelan_9\.0\.0\.efi/, verifyBundle(folder, machine()));
    await Deno.remove(join(folder, "gamelan_9.0.0.efi"));
    await Deno.remove(join(folder, "manifest.json.sig"));
    await refused("truncated", /no manifest\.json\.sig/, verifyBundle(folder, machine()));
  });
});

Deno.test("bundles for another machine, older ones and too new ones are refused by their head", async () => {
  const head = (description: Partial<BundleDescription>, box: Machine) =>
    withBundle(async (folder) => {
      verifyHead(await readBundleHead(folder), box);
    }, description);
  await refused(
    "wrong-machine",
    /for gamelan on arm64; this is gamelan on amd64/,
    head({ architecture: "arm64" }, machine()),
  );
  await refused("wrong-machine", /for other on amd64/, head({ product: "other" }, machine()));
  await refused("downgrade", /1\.3\.9, older than 1\.4\.0/, head({ version: "1.3.9" }, machine()));
  await refused(
    "downgrade",
    /another build of version 1\.4\.0/,
    head({ version: "1.4.0" }, machine({ digest: "f".repeat(64) })),
  );
  await refused(
    "too-old",
    /from 1\.4\.1 on; 1\.4\.0 runs/,
    head({ updatesFrom: "1.4.1" }, machine()),
  );
  await head({ updatesFrom: "1.4.0" }, machine());
});

Deno.test("only a trusted key's signature counts", async () => {
  await withBundle(
    async (folder) => {
      await refused(
        "wrong-key",
        /signed by the key [0-9a-f]{16}…; this machine trusts/,
        verifyBundle(folder, machine()),
      );
      await refused("wrong-key", /trusts none/, verifyBundle(folder, machine({ imageKeys: [] })));
    },
    {},
    stranger.privateKey,
  );
  // A stranger who claims the old key's id.
  await withBundle(
    async (folder) => {
      const path = join(folder, "manifest.json.sig");
      const signature = JSON.parse(await Deno.readTextFile(path));
      await Deno.writeTextFile(path, JSON.stringify({ ...signature, key: keyId(old.publicKey) }));
      await refused("tampered", /does not fit manifest\.json/, verifyBundle(folder, machine()));
    },
    {},
    stranger.privateKey,
  );
});

Deno.test("a box that knows only the first key follows certificates to the newest", async () => {
  const certificates = [
    certifyKey(later.publicKey, next.privateKey),
    certifyKey(next.publicKey, old.privateKey),
  ];
  await withBundle(
    async (folder) => {
      const { keyHistory } = await verifyBundle(folder, machine());
      assert.equal(keyHistory.added.length, 2);
      // Once learnt, the certificates are needed no longer.
      await Deno.remove(join(folder, "keys.json"));
      await refused("wrong-key", /trusts/, verifyBundle(folder, machine()));
      await verifyBundle(folder, machine({ keyHistory }));
    },
    { certificates },
    later.privateKey,
  );
});

Deno.test("a certificate by nobody who is trusted, or for another key, gives no trust", async () => {
  const good = certifyKey(next.publicKey, old.privateKey);
  const forged: KeyCertificate[][] = [
    [certifyKey(next.publicKey, stranger.privateKey)],
    [{ ...certifyKey(next.publicKey, stranger.privateKey), by: keyId(old.publicKey) }],
    [{ ...certifyKey(later.publicKey, old.privateKey), key: good.key }],
    [certifyKey(next.publicKey, next.privateKey)],
  ];
  for (const certificates of forged) {
    await withBundle(
      async (folder) => {
        await refused("wrong-key", /trusts/, verifyBundle(folder, machine()));
      },
      { certificates },
      next.privateKey,
    );
  }
});

Deno.test("a retired key signs nothing any more, and its certificates are worth nothing", async () => {
  const certificates = [certifyKey(next.publicKey, old.privateKey)];
  let keyHistory = noHistory;
  await withBundle(
    async (folder) => {
      ({ keyHistory } = await verifyBundle(folder, machine()));
    },
    { certificates, retiredKeys: [keyId(old.publicKey)] },
    next.privateKey,
  );
  assert.deepEqual(keyHistory.retired, [keyId(old.publicKey)]);
  await withBundle(async (folder) => {
    await refused("wrong-key", /by a retired key/, verifyBundle(folder, machine({ keyHistory })));
  });
  await withBundle(
    async (folder) => {
      await refused("wrong-key", /trusts/, verifyBundle(folder, machine({ keyHistory })));
    },
    { certificates: [certifyKey(stranger.publicKey, old.privateKey)] },
    stranger.privateKey,
  );
  await withBundle(
    async (folder) => void await verifyBundle(folder, machine({ keyHistory })),
    {},
    next.privateKey,
  );
});

Deno.test("a bundle that retires the key that signed it is refused", async () => {
  await withBundle(async (folder) => {
    await refused("malformed", /retires the key that signed it/, verifyBundle(folder, machine()));
  }, { retiredKeys: [keyId(old.publicKey)] });
});

Deno.test("descriptions and file names that are not of the format are not signed", async () => {
  const nothing = async () => {};
  await refused(
    "malformed",
    /version: expected one to four numbers/,
    withBundle(nothing, { version: "1.0-rc1" }),
  );
  await refused("malformed", /product/, withBundle(nothing, { product: "../x" }));
  const folder = await Deno.makeTempDir();
  try {
    const description = { product: "gamelan", architecture: "amd64", version: "1" } as const;
    await refused("malformed", /files/, signBundle(folder, description, old.privateKey));
    await Deno.writeTextFile(join(folder, "a b"), "");
    await refused("malformed", /plain file name/, signBundle(folder, description, old.privateKey));
    await Deno.remove(join(folder, "a b"));
    await Deno.mkdir(join(folder, "sub"));
    await assert.rejects(signBundle(folder, description, old.privateKey), /plain files only/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("hostile heads end in BundleRefused and nothing else", async () => {
  await withBundle(async (folder) => {
    const { manifest, signature } = await readBundleHead(folder);
    const bytes = (text: string) => new TextEncoder().encode(text);
    const texts = ["", "{}", "[]", "null", "1", '"x"', "{", "\u0000", `{"key":${"9".repeat(500)}}`];
    for (const text of [...texts, "[".repeat(60_000), " ".repeat(70_000)]) {
      for (
        const head of [
          { manifest: bytes(text), signature },
          { manifest, signature: bytes(text) },
          ...(text === "[]" ? [] : [{ manifest, signature, keys: bytes(text) }]),
          { manifest, signature: Uint8Array.of(0xff, 0xfe) },
        ]
      ) {
        assert.throws(() => verifyHead(head, machine()), BundleRefused, text.slice(0, 20));
      }
    }
    await Deno.writeFile(join(folder, "manifest.json"), new Uint8Array(100_000));
    await refused("malformed", /at most 65536 bytes/, verifyBundle(folder, machine()));
  });
});

Deno.test("versions are ordered by their numbers", () => {
  const sorted = ["0", "0.9", "1", "1.0", "1.2", "1.2.0", "1.10", "2.0.0", "10"];
  for (let i = 1; i < sorted.length; i++) {
    assert.ok(compareVersions(sorted[i - 1], sorted[i]) < 0, sorted[i]);
    assert.ok(compareVersions(sorted[i], sorted[i - 1]) > 0, sorted[i]);
  }
  assert.equal(compareVersions("1.2.3", "1.2.3"), 0);
  for (
    const text of ["", "1.", ".1", "01", "1.2.3.4.5", "1.0~rc1", "v1", "1 ", "1\n", "-1", "1e3"]
  ) {
    assert.equal(SystemVersion.safeParse(text).success, false, JSON.stringify(text));
  }
});
