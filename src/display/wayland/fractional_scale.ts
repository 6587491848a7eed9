/** wp_fractional_scale_manager_v1: every surface's scale is 1, the stream's pixels are the game's. */
import type {
  WpFractionalScaleManagerV1Requests,
  WpFractionalScaleManagerV1Resource,
  WpFractionalScaleV1Resource,
} from "./generated/fractional-scale-v1.ts";

/** Scales are given in 1/120. */
const ONE = 120;

export class FractionalScaleManager implements WpFractionalScaleManagerV1Requests {
  constructor(resource: WpFractionalScaleManagerV1Resource) {
    resource.handler = this;
  }

  getFractionalScale(id: WpFractionalScaleV1Resource): void {
    id.preferredScale(ONE);
  }
}
