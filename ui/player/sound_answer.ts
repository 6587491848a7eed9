/** What a browser does not offer a setting for: how the sound in an SDP answer asks to be played. */

/**
 * An SDP answer that asks for stereo. A browser plays Opus in mono unless its own description says
 * `stereo=1` (RFC 7587, section 6.1).
 */
export function stereoAnswer(sdp: string): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000\/2$/mi.exec(sdp)?.[1];
  if (payload === undefined || /^a=fmtp:.*\bstereo=1/m.test(sdp)) return sdp;
  const parameters = new RegExp(`^a=fmtp:${payload} `, "m");
  if (parameters.test(sdp)) return sdp.replace(parameters, (head) => `${head}stereo=1;`);
  const line = new RegExp(`^(a=rtpmap:${payload} .*?)(\\r?\\n)`, "m");
  return sdp.replace(line, `$1$2a=fmtp:${payload} stereo=1$2`);
}

/**
 * The answer with the 5.1 codec of the offer, which Chromium decodes but never answers with itself.
 * The same answer where one of the two has no place for it.
 */
export function surroundAnswer(answer: string, offer: string): string {
  const payload = /^a=rtpmap:(\d+) multiopus\/48000\/6\r?$/mi.exec(offer)?.[1];
  if (payload === undefined || !/^m=audio [1-9]/m.test(answer)) return answer;
  const lines = offer.split(/\r?\n/).filter((line) =>
    new RegExp(`^a=(rtpmap|rtcp-fb|fmtp):${payload} `).test(line)
  );
  return answer.split(/\r?\n(?=m=)/).map((section) => {
    if (!section.startsWith("m=audio")) return section;
    const [media, ...rest] = section.trimEnd().split(/\r?\n/);
    return [`${media} ${payload}`, ...rest, ...lines].join("\r\n");
  }).join("\r\n").trimEnd() + "\r\n";
}

let givenUp = false;

/** This browser refused an answer with 5.1: {@linkcode hearsSurround} is false from now on. */
export function giveUpSurround(): void {
  givenUp = true;
}

/**
 * Whether to ask for 5.1: this browser may decode it and this device has speakers for it; else the
 * session mixes down better than the browser. Only Chromium says by an error that it does not know a
 * codec in its own description; others take it and stay silent.
 */
export function hearsSurround(): boolean {
  return !givenUp && /Chrome\//.test(navigator.userAgent) && speakers() >= 6;
}

/** How many speakers the device plays on. */
export function speakers(): number {
  const context = new AudioContext();
  const { maxChannelCount } = context.destination;
  context.close();
  return maxChannelCount;
}
