import type { CapturedFrame } from "../media/frame_ring.ts";
import type { VideoLoad, VideoSettings } from "../media/stages.ts";
import type { EncodedPicture, EncoderProvider, VideoEncoder } from "./encoder.ts";
import { encodedSize, Scaler, type Size } from "./scaler.ts";

/** Over this share of the frame interval, capture and sending have too little left. */
const TOO_SLOW = 0.8;
/** Reports in a row before the effort falls: one slow second may be the machine's, not ours. */
const SLOW_REPORTS = 2;
/** A report of fewer pictures a second says little. */
const MIN_REPORT_FPS = 5;

/** An encoded picture with its size in pixels. */
export type SizedPicture = EncodedPicture & Size;

/**
 * Encodes pictures of any size at the size of the mode: scales where they differ, opens a new
 * encoder where the size changes, and a faster one where the machine does not keep up.
 */
export class PictureEncoder {
  readonly #provider: EncoderProvider;
  #settings: VideoSettings;
  #encoder: VideoEncoder | undefined;
  #scaler: Scaler | undefined;
  #effort = 0;
  #effortSize: Size = { width: 0, height: 0 };
  #slowReports = 0;

  /** Opens an encoder of the mode's size ahead of the first picture. Throws Error where it cannot. */
  constructor(provider: EncoderProvider, settings: VideoSettings) {
    this.#provider = provider;
    this.#settings = settings;
    const { encoder, size } = this.#open(settings.mode);
    // The first picture through libx264 costs several times the others: page faults, its tables.
    encoder.encode(new Scaler(size).blank(), { forceIdr: true });
  }

  configure(settings: VideoSettings): void {
    this.#settings = settings;
    this.#encoder?.setBitrate({ fps: settings.mode.fps, bitrate: settings.bitrate });
  }

  /** Throws what the encoder or the scaler throws; {@linkcode close} and the next call start anew. */
  encode(picture: CapturedFrame, forceIdr: boolean): SizedPicture {
    const size = encodedSize(picture, this.#settings.mode);
    const open = this.#encoder;
    const fits = open?.settings.width === size.width && open.settings.height === size.height;
    const encoder = fits ? open : this.#open(size).encoder;
    const planes = picture.width === size.width && picture.height === size.height
      ? picture
      : this.#scalerFor(size).scale(picture);
    return { ...encoder.encode(planes, { forceIdr: forceIdr || !fits }), ...size };
  }

  /** Falls to a faster way of encoding where the load stays high. The next picture is an IDR then. */
  adapt({ load, fps }: VideoLoad): void {
    this.#slowReports = load > TOO_SLOW && fps >= MIN_REPORT_FPS ? this.#slowReports + 1 : 0;
    if (this.#slowReports < SLOW_REPORTS || this.#effort === this.#provider.efforts - 1) return;
    this.#slowReports = 0;
    this.#effort++;
    this.close();
  }

  close(): void {
    this.#encoder?.close();
    this.#encoder = undefined;
    this.#scaler = undefined;
  }

  #open(size: Size): { encoder: VideoEncoder; size: Size } {
    this.close();
    const { mode: { fps }, bitrate } = this.#settings;
    const settings = { width: size.width, height: size.height, fps, bitrate };
    if (size.width !== this.#effortSize.width || size.height !== this.#effortSize.height) {
      this.#effortSize = size;
      this.#effort = this.#provider.startEffort(settings);
    }
    const encoder = this.#encoder = this.#provider.open(settings, this.#effort);
    return { encoder, size };
  }

  #scalerFor(size: Size): Scaler {
    const known = this.#scaler;
    if (known?.size.width === size.width && known.size.height === size.height) return known;
    return this.#scaler = new Scaler(size);
  }
}
