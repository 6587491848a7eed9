/**
 * Decodes H.264 with the command `ffmpeg` (Debian package ffmpeg), an implementation other than ours.
 */

/** Decodes an Annex B stream of pictures of one size; each picture is its I420 planes in a row. */
export async function decode(
  stream: Uint8Array<ArrayBuffer>[],
  width: number,
  height: number,
): Promise<Uint8Array[]> {
  const child = new Deno.Command("ffmpeg", {
    args: [
      ..."-v error -xerror -err_detect explode -f h264 -i pipe:0".split(" "),
      ..."-fps_mode passthrough -f rawvideo -pix_fmt yuv420p pipe:1".split(" "),
    ],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const written = new Blob(stream).stream().pipeTo(child.stdin);
  const { success, stdout, stderr } = await child.output();
  await written;
  if (!success || stderr.length > 0) throw new Error(new TextDecoder().decode(stderr));
  const bytes = width * height * 1.5;
  if (stdout.length % bytes !== 0) {
    throw new Error(`expected whole pictures of ${bytes} bytes, got ${stdout.length}`);
  }
  return Array.from(
    { length: stdout.length / bytes },
    (_, index) => stdout.subarray(index * bytes, (index + 1) * bytes),
  );
}

/** Peak signal to noise ratio in dB. */
export function psnr(one: Uint8Array, other: Uint8Array): number {
  if (one.length !== other.length) throw new RangeError(`${one.length} against ${other.length}`);
  let squares = 0;
  for (let i = 0; i < one.length; i++) squares += (one[i] - other[i]) ** 2;
  return squares === 0 ? Infinity : 10 * Math.log10(255 ** 2 / (squares / one.length));
}
