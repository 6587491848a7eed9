/**
 * An encoder double: its "bits" tell what it was asked for, so that a test can drive the loop
 * around it without libavcodec.
 */
import type {
  EncoderProvider,
  EncoderRate,
  EncoderSettings,
  VideoEncoder,
} from "../../src/video/encoder.ts";

export class FakeEncoderProvider implements EncoderProvider {
  readonly efforts = 2;
  /** Everything that was called, in order. */
  readonly calls: string[] = [];
  /** Thrown by the next `failures` pictures. */
  failures = 0;
  /** How long a picture keeps the thread busy, ms. */
  encodeMs = 0;
  /** Encoders that were not closed. */
  opened = 0;

  startEffort(): number {
    return 0;
  }

  open(settings: EncoderSettings, effort: number): VideoEncoder {
    this.calls.push(`open ${settings.width}×${settings.height} effort ${effort}`);
    this.opened++;
    return new FakeEncoder(settings, this);
  }
}

class FakeEncoder implements VideoEncoder {
  #first = true;
  #closed = false;
  constructor(readonly settings: EncoderSettings, readonly provider: FakeEncoderProvider) {}

  encode(picture: { y: Uint8Array }, { forceIdr }: { forceIdr: boolean }) {
    if (this.provider.failures > 0) {
      this.provider.failures--;
      throw new Error("the double was told to fail");
    }
    const end = performance.now() + this.provider.encodeMs;
    while (performance.now() < end);
    const keyFrame = forceIdr || this.#first;
    this.#first = false;
    return { data: Uint8Array.of(picture.y[0]), keyFrame };
  }

  setBitrate(rate: EncoderRate): void {
    this.provider.calls.push(`rate ${rate.bitrate} fps ${rate.fps}`);
  }

  close(): void {
    if (!this.#closed) this.provider.opened--;
    this.#closed = true;
  }
}
