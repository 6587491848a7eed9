/**
 * NVIDIA's user-space driver, by the functions that need no GPU: CUDA's driver API (libcuda.so.1) and the
 * encoder's (libnvidia-encode.so.1). Debian packages libcuda1 and libnvidia-encode1.
 */

/** Versions of the two libraries. */
export interface NvidiaLibraries {
  /** Newest CUDA that the driver speaks: 1000 × major + 10 × minor. */
  cuda: number;
  /** Result of cuInit: 0, or why there is no GPU for it (CUresult). */
  init: number;
  /** Newest encoder API that the driver speaks: major << 4 | minor. */
  nvenc: number;
}

/** Asks both libraries. @throws where one cannot be loaded, or refuses to say */
export function askNvidiaLibraries(): NvidiaLibraries {
  const cuda = Deno.dlopen("libcuda.so.1", {
    cuInit: { parameters: ["u32"], result: "i32" },
    cuDriverGetVersion: { parameters: ["buffer"], result: "i32" },
  });
  const nvenc = Deno.dlopen("libnvidia-encode.so.1", {
    NvEncodeAPIGetMaxSupportedVersion: { parameters: ["buffer"], result: "i32" },
  });
  const version = new Uint32Array(1);
  const init = cuda.symbols.cuInit(0);
  let code = cuda.symbols.cuDriverGetVersion(version);
  if (code !== 0) throw new Error(`cuDriverGetVersion answered ${code}`);
  const cudaVersion = version[0];
  code = nvenc.symbols.NvEncodeAPIGetMaxSupportedVersion(version);
  if (code !== 0) throw new Error(`NvEncodeAPIGetMaxSupportedVersion answered ${code}`);
  // The libraries stay loaded: they do not survive being unloaded in every version.
  return { cuda: cudaVersion, init, nvenc: version[0] };
}
