import type { Plugin } from "esbuild";

/** zod's messages in fifty languages, of which none but English is used: a third of a session's code. */
const zodLocales: Plugin = {
  name: "zod without locales",
  setup(build) {
    build.onLoad({ filter: /\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents: "export {};" }));
  },
};

/**
 * werift makes certificates with @peculiar/x509 where it is given none; ours come from
 * src/system/tls.ts. The package and its needs are a third of a session's code. What werift does with
 * it when it is loaded is allowed, a call fails, and the build fails where werift imports more of it.
 */
const weriftCertificates: Plugin = {
  name: "werift without @peculiar/x509",
  setup(build) {
    build.onResolve(
      { filter: /^@peculiar\/x509$/ },
      ({ path }) => ({ path, namespace: "left-out" }),
    );
    build.onLoad({ filter: /./, namespace: "left-out" }, ({ path }) => ({
      contents: `
        function leftOut() {
          throw new Error("expected a certificate to be given to werift; ${path} is not packaged");
        }
        export const cryptoProvider = { set() {} };
        export const X509CertificateGenerator = { createSelfSigned: leftOut };
        export const PemConverter = { encode: leftOut };
      `,
    }));
  },
};

/** Parts of npm packages that no command reaches, left out of the bundle. */
export const leftOut = {
  plugins: [zodLocales, weriftCertificates],
  /** For esbuild: a name that a stand-in does not export ends the build. */
  logOverride: { "import-is-undefined": "error" },
} as const;
