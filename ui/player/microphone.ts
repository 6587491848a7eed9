/** The microphone: off until the player switches it on, stopped when they switch it off. */

export class Microphone {
  #track: MediaStreamTrack | undefined;

  get on(): boolean {
    return this.#track !== undefined;
  }

  /** Asks the browser and starts sending. Throws with a sentence for the player. */
  async start(peer: RTCPeerConnection | undefined): Promise<void> {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("Browsers give the microphone to secure pages only: open the HTTPS address.");
    }
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
    } catch (cause) {
      throw new Error("The browser did not give the microphone: allow it for this page.", {
        cause,
      });
    }
    this.#track = stream.getAudioTracks()[0];
    await this.attach(peer);
  }

  /** Puts the track on a connection: the first, or the one after a reconnect. */
  async attach(peer: RTCPeerConnection | undefined): Promise<void> {
    if (!this.#track || !peer) return;
    const audio = peer.getTransceivers().find(({ receiver }) => receiver.track.kind === "audio");
    await audio?.sender.replaceTrack(this.#track);
  }

  async stop(peer: RTCPeerConnection | undefined): Promise<void> {
    this.#track?.stop();
    this.#track = undefined;
    const audio = peer?.getTransceivers().find(({ receiver }) => receiver.track.kind === "audio");
    await audio?.sender.replaceTrack(null);
  }
}
