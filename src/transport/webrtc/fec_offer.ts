/** Free of the payload types that browsers give to codecs of their own. */
export const FLEXFEC_PAYLOAD_TYPE = 49;

/**
 * Adds a parity stream to an offer's video section: codec, its own SSRC, and which stream it
 * protects.
 *
 * Source: draft-ietf-payload-flexible-fec-scheme-03 section 5.1, RFC 5956 section 4.3 (FEC-FR). The
 * repair window is in µs; browsers ask for it and do not use it.
 */
export function withFlexFec(sdp: string, mediaSsrc: number, paritySsrc: number): string {
  const type = FLEXFEC_PAYLOAD_TYPE;
  const [head, ...sections] = sdp.split(/(?=^m=)/m);
  const protect = (section: string) => {
    if (!section.startsWith("m=video")) return section;
    const cname = new RegExp(`^a=ssrc:${mediaSsrc} (cname:.*)\r$`, "m").exec(section)?.[1];
    const lines = [
      `a=rtpmap:${type} flexfec-03/90000`,
      `a=rtcp-fb:${type} transport-cc`,
      `a=fmtp:${type} repair-window=10000000`,
      `a=ssrc-group:FEC-FR ${mediaSsrc} ${paritySsrc}`,
      `a=ssrc:${paritySsrc} ${cname}`,
    ];
    return section.replace(/^m=video.*/, (line) => `${line} ${type}`) + lines.join("\r\n") + "\r\n";
  };
  return [head, ...sections.map(protect)].join("");
}
