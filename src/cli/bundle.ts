import { parseArgs } from "node:util";
import { hostArchitecture } from "../games/manifest.ts";
import { keyId, privateKey, publicKey } from "../system/ed25519.ts";
import { packBundle } from "../update/archive.ts";
import { packDelta } from "../update/delta_bundle.ts";
import { certifyKey, KeyCertificates } from "../update/keys.ts";
import { signBundle } from "../update/sign.ts";
import { BundleManifest, MANIFEST, parseBundleFile } from "../update/manifest.ts";
import { readBundleHead, verifyBundle } from "../update/verify.ts";
import { ExitCode, UsageError } from "./exit_codes.ts";

const help = `Usage: gamelan bundle sign FOLDER --version V --key FILE [OPTIONS]
       gamelan bundle check FOLDER --trust FILE.pub...
       gamelan bundle pack FOLDER FILE
       gamelan bundle delta OLDER NEWER FILE
       gamelan bundle certify NEW.pub --key OLD.pem

Update bundles: folders of files with a signed manifest.

  sign FOLDER         write manifest.json and its signature beside the files
  check FOLDER        check signature and every file, as a box does
  pack FOLDER FILE    write a signed bundle as one file, *.gamelan-update
  delta OLDER NEWER FILE
                      write an update file that holds only what differs from an older bundle, for boxes
                      that run that one; bundles are folders or files
  certify NEW.pub     print a certificate by which the old key's boxes trust the new key

Options:
  --version V         one to four numbers, such as 0.2.0
  --key FILE          private key in PEM (openssl genpkey -algorithm ed25519)
  --product NAME      Default: gamelan
  --architecture A    amd64 or arm64. Default: this machine's
  --updates-from V    oldest version that can install this one
  --certificates FILE JSON list of certificates that lead from older keys to this one
  --retire ID         id of a key that boxes trust no longer afterwards; may be given again
  --trust FILE        public key in PEM; may be given again

A key is replaced in two releases: the first is signed with the new key and carries the certificate
(--certificates), a later one retires the old key (--retire). Keep carrying the certificate while
boxes may come that missed releases.

Examples:
  gamelan bundle sign ./gamelan_0.2.0 --version 0.2.0 --key release.pem
  gamelan bundle delta gamelan_0.1.0.gamelan-update gamelan_0.2.0.gamelan-update small.gamelan-update
  gamelan bundle certify new.pub --key release.pem > certificate.json

Exit codes: 0 done, 1 refused or failed, 2 wrong command line.`;

/** `gamelan bundle` */
export async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      "help": { type: "boolean", short: "h" },
      "version": { type: "string" },
      "key": { type: "string" },
      "product": { type: "string", default: "gamelan" },
      "architecture": { type: "string", default: hostArchitecture() },
      "updates-from": { type: "string" },
      "certificates": { type: "string" },
      "retire": { type: "string", multiple: true },
      "trust": { type: "string", multiple: true },
    },
  });
  if (values.help) {
    console.log(help);
    return ExitCode.ok;
  }
  const [action, subject, ...rest] = positionals;
  const more = { pack: 1, delta: 2 }[action] ?? 0;
  if (subject === undefined || rest.length !== more) {
    throw new UsageError(
      "expected sign FOLDER, check FOLDER, pack FOLDER FILE, delta OLDER NEWER FILE or certify FILE, " +
        `got "${positionals.join(" ")}"`,
    );
  }
  const key = async () => {
    if (values.key === undefined) throw new UsageError(`bundle ${action} expects --key FILE`);
    return privateKey(await Deno.readTextFile(values.key), values.key);
  };
  switch (action) {
    case "sign": {
      const { version, architecture } = values;
      if (version === undefined) throw new UsageError("bundle sign expects --version V");
      if (architecture !== "amd64" && architecture !== "arm64") {
        throw new UsageError(`--architecture expects amd64 or arm64, got "${architecture}"`);
      }
      const manifest = await signBundle(subject, {
        product: values.product,
        architecture,
        version,
        updatesFrom: values["updates-from"],
        retiredKeys: values.retire,
        certificates: values.certificates === undefined ? undefined : parseBundleFile(
          KeyCertificates,
          await Deno.readFile(values.certificates),
          values.certificates,
        ),
      }, await key());
      console.log(`Signed version ${manifest.version} with ${manifest.files.length} files`);
      return ExitCode.ok;
    }
    case "check": {
      const trust = values.trust ?? [];
      if (trust.length === 0) throw new UsageError("bundle check expects --trust FILE.pub");
      const imageKeys = await Promise.all(
        trust.map(async (path) => publicKey(await Deno.readTextFile(path), path)),
      );
      const { manifest } = await readBundleHead(subject);
      const { product, architecture, updatesFrom = "0" } = parseBundleFile(
        BundleManifest,
        manifest,
        MANIFEST,
      );
      // As a box of the kind and version that it is for.
      const verified = await verifyBundle(subject, {
        product,
        architecture,
        version: updatesFrom,
        imageKeys,
        keyHistory: { added: [], retired: [] },
      });
      console.log(`Version ${verified.manifest.version} for ${product} on ${architecture}: intact`);
      return ExitCode.ok;
    }
    case "pack":
      await readBundleHead(subject);
      await packBundle(subject, rest[0]);
      return ExitCode.ok;
    case "delta": {
      const { from, to, bytes, wholeBytes } = await packDelta(subject, rest[0], rest[1]);
      const share = (100 * bytes / wholeBytes).toFixed(1);
      console.log(`${to} from ${from}: ${bytes} bytes, ${share} % of the whole bundle`);
      return ExitCode.ok;
    }
    case "certify": {
      const successor = publicKey(await Deno.readTextFile(subject), subject);
      const old = await key();
      console.error(`${keyId(old)} lets ${keyId(successor)} sign`);
      console.log(JSON.stringify([certifyKey(successor, old)], undefined, 2));
      return ExitCode.ok;
    }
    default:
      throw new UsageError(`expected sign, check, pack, delta or certify, got "${action}"`);
  }
}
