import assert from "node:assert/strict";
import * as esbuild from "esbuild";
import { leftOut } from "./left_out.ts";

/** Bundles a module as the product is, and imports the result. */
async function bundled(contents: string): Promise<Record<string, unknown>> {
  try {
    const { outputFiles } = await esbuild.build({
      stdin: { contents, resolveDir: import.meta.dirname },
      bundle: true,
      format: "esm",
      write: false,
      logLevel: "silent",
      plugins: [...leftOut.plugins],
      logOverride: leftOut.logOverride,
    });
    return await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  } finally {
    await esbuild.stop();
  }
}

const x509 = 'import * as x509 from "@peculiar/x509";';

Deno.test("werift loads without @peculiar/x509, and a certificate that it makes itself is refused", async () => {
  const { make } = await bundled(`${x509}
    x509.cryptoProvider.set({});
    export const make = () => x509.X509CertificateGenerator.createSelfSigned({});
  `);
  assert.throws(make as () => void, /expected a certificate to be given to werift/);
});

Deno.test("what is used of a package that is left out ends the build where it is not known", async () => {
  await assert.rejects(
    bundled(`${x509} export const chain = new x509.X509ChainBuilder();`),
    /"X509ChainBuilder" will always be undefined/,
  );
});
