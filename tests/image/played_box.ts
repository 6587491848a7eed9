/**
 * Settings of a box that a browser on this machine plays on, and the UDP port for its media: the same
 * inside and outside, so that the address offered to the browser is the forwarded one.
 *
 * @param maxMode  what an interpreted processor can encode
 */
export function playedFromHere(maxMode: string): { udpPort: number; configuration: string } {
  const udpPort = 40_000 + Math.floor(Math.random() * 20_000);
  const configuration = `
[http]
names = []
[ice]
addresses = ["127.0.0.1"]
udp_port = ${udpPort}
[library]
first_import = ""
[session]
max_mode = "${maxMode}"
`;
  return { udpPort, configuration };
}
