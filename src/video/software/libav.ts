import { type Libavcodec, libavcodec } from "../../../ffi/libavcodec.ts";
import { type LibavLayout, libavLayouts } from "../../../ffi/libav_layouts.ts";
import { AV_LOG_INFO, AV_LOG_QUIET, type Libavutil, libavutil } from "../../../ffi/libavutil.ts";
import { cstring } from "../../../ffi/libc.ts";

/** libavcodec, libavutil and the offsets in their structures. */
export interface Libav {
  readonly codec: Libavcodec;
  readonly util: Libavutil;
  readonly layout: LibavLayout;
  /** libavcodec's version, such as `59.37.100`. */
  readonly version: string;
}

/** What to install, for messages. */
export const LIBAV_PACKAGES = "install Debian's package libavcodec59 (Debian 12) or libavcodec61 " +
  "(Debian 13)";

/** Majors before and after the supported ones, looked for only to name them in the message. */
const OTHER_MAJORS = [58, 60, 62, 63, 64];

let opened: Libav | undefined;

/**
 * Opens the newest supported libavcodec once a thread.
 *
 * Throws Error where none is installed or loads, where only an unknown major is, and where the installed
 * library's own option table contradicts the generated offsets.
 */
export function loadLibav(): Libav {
  return opened ??= firstSupported(Object.keys(libavLayouts).map(Number).reverse());
}

/** @param majors libavcodec's majors to try, in this order */
export function firstSupported(majors: number[]): Libav {
  const broken: string[] = [];
  for (const major of majors) {
    const codec = tryOpen(major, broken);
    if (codec === undefined) continue;
    return verified(major, codec);
  }
  if (broken.length > 0) throw new Error(`${broken.join("; ")}; ${LIBAV_PACKAGES} anew`);
  const other = OTHER_MAJORS.find((major) => tryOpen(major) !== undefined);
  throw new Error(
    other === undefined
      ? `libavcodec is not installed; ${LIBAV_PACKAGES}`
      : `libavcodec ${other} is installed, expected ${majors.join(" or ")}; ${LIBAV_PACKAGES}`,
  );
}

/** @param broken  gets a sentence where the library is there, but it or what it needs does not load */
function tryOpen(major: number, broken: string[] = []): Libavcodec | undefined {
  try {
    return libavcodec(major);
  } catch (error) {
    const reason = (error as Error).message.replace(/^(Could not open library: )+/, "");
    const missing = `libavcodec.so.${major}: cannot open shared object file`;
    if (!reason.includes(missing)) broken.push(`libavcodec ${major} does not load: ${reason}`);
    return undefined;
  }
}

function verified(major: number, codec: Libavcodec): Libav {
  const layout = libavLayouts[major];
  const util = libavutil(layout.avutil);
  util.av_log_set_level(Deno.env.get("GAMELAN_LOG_LEVEL") === "debug" ? AV_LOG_INFO : AV_LOG_QUIET);
  const libav = { codec, util, layout, version: versionText(codec.avcodec_version()) };
  checkLayout(libav);
  return libav;
}

/** A context is written to by offset, so a library that differs from its headers must be refused. */
function checkLayout({ codec, util, layout, version }: Libav): void {
  const context = codec.avcodec_alloc_context3(null);
  if (context === null) throw new Error("libavcodec could not allocate a context; out of memory");
  try {
    const fields = { b: "bit_rate", maxrate: "rc_max_rate", bufsize: "rc_buffer_size" } as const;
    for (const [option, field] of Object.entries(fields)) {
      const found = util.av_opt_find(context, cstring(option), null, 0, 0);
      const offset = found && new Deno.UnsafePointerView(found).getInt32(layout.option.offset);
      if (offset === layout.codecContext[field as keyof typeof layout.codecContext]) continue;
      throw new Error(
        `libavcodec ${version} keeps ${field} at byte ${offset}, expected ${
          layout.codecContext[field as keyof typeof layout.codecContext]
        }; it is not Debian's build: ${LIBAV_PACKAGES}`,
      );
    }
  } finally {
    codec.avcodec_free_context(pointerTo(context));
  }
}

/** A `T **` argument: eight bytes that hold the pointer. */
export function pointerTo(pointer: Deno.PointerObject): BigUint64Array<ArrayBuffer> {
  return new BigUint64Array([Deno.UnsafePointer.value(pointer)]);
}

/** libavutil's text for a negative AVERROR, such as "Generic error in an external library". */
export function errorText({ util }: Libav, code: number): string {
  const text = new Uint8Array(128);
  util.av_strerror(code, text, BigInt(text.length));
  return new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
}

/** AV_VERSION_INT of version.h, unpacked. */
function versionText(version: number): string {
  return `${version >>> 16}.${version >>> 8 & 0xff}.${version & 0xff}`;
}
