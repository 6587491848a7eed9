/**
 * PulseAudio beside a machine's own sound server. Debian's package pulseaudio conflicts with
 * pipewire-audio, which desktops install; its files do not. Set-up unpacks the package into a folder
 * of Gamelan's own, where only sessions look for it. The libraries it needs are the machine's.
 */

/** Where set-up unpacks the package. */
export const UNPACKED_PULSEAUDIO = "/usr/local/lib/gamelan-pulseaudio";

/** Folders of the first level under `/usr/lib` and of the architecture's folder in it. */
function libraryFolders(root: string): string[] {
  const below = (path: string) => {
    try {
      return [...Deno.readDirSync(path)].filter(({ isDirectory }) => isDirectory)
        .map(({ name }) => `${path}/${name}`);
    } catch {
      return [];
    }
  };
  const first = below(`${root}/usr/lib`);
  return [...first, ...first.flatMap(below)];
}

export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Command line to run the package that is unpacked in `root`; undefined where there is none. */
export function unpackedPulseAudio(root = UNPACKED_PULSEAUDIO): string[] | undefined {
  const program = `${root}/usr/bin/pulseaudio`;
  if (!isFile(program)) return undefined;
  const folders = libraryFolders(root);
  const core = folders.find((folder) => folder.endsWith("/pulseaudio"));
  const modules = folders.flatMap((folder) =>
    /\/pulse-[^/]*$/.test(folder) ? [`${folder}/modules`] : []
  ).find((folder) => isFile(`${folder}/module-null-sink.so`));
  if (core === undefined || modules === undefined) return undefined;
  // By `env`, so that neither a sandbox nor anything else on the way takes these libraries.
  return ["env", `LD_LIBRARY_PATH=${core}:${modules}`, program, `--dl-search-path=${modules}`];
}
