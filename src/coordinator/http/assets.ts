import type { UiAsset } from "../../protocol/ui_assets.ts";
import { HttpError } from "./errors.ts";

const COMPRESSIBLE = /^(text\/|application\/(json|manifest\+json|javascript)|image\/svg)/;
const compressed = new WeakMap<UiAsset, Promise<Uint8Array<ArrayBuffer>>>();

async function gzip(body: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * The path of a URL as the assets know it.
 *
 * @throws HttpError where it is not a plain path: malformed escapes, `..`, backslashes, NUL
 */
export function assetPath(pathname: string): string {
  let path: string;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    throw new HttpError("bad-request", "expected a path with correct % escapes");
  }
  // deno-lint-ignore no-control-regex -- NUL is what is looked for
  if (/[\\\u0000]|(^|\/)\.\.?(\/|$)/.test(path)) {
    throw new HttpError("bad-request", "expected a plain path");
  }
  return path;
}

/** Answers GET or HEAD of an asset: 200, or 304 where the browser has it. */
export async function assetResponse(request: Request, asset: UiAsset): Promise<Response> {
  const headers = new Headers({
    "content-type": asset.type,
    "etag": asset.etag,
    "cache-control": asset.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    "vary": "accept-encoding",
  });
  const known = request.headers.get("if-none-match") ?? "";
  if (known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === asset.etag)) {
    return new Response(null, { status: 304, headers });
  }
  let { body } = asset;
  const accepts = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
  if (accepts && body.length > 1024 && COMPRESSIBLE.test(asset.type)) {
    const packed = compressed.get(asset) ?? gzip(body);
    compressed.set(asset, packed);
    body = await packed;
    headers.set("content-encoding", "gzip");
    // Another representation needs another tag; a weak one says that the meaning is the same.
    headers.set("etag", `W/${asset.etag}`);
  }
  headers.set("content-length", String(body.length));
  return new Response(request.method === "HEAD" ? null : body, { headers });
}
