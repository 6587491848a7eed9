/** wp_presentation: tells clients when their pictures were taken for the stream. */
import { CLOCK_MONOTONIC } from "../../../ffi/libc.ts";
import type {
  WpPresentationRequests,
  WpPresentationResource,
} from "./generated/presentation-time.ts";
import { LimitError } from "./client.ts";
import { Surface } from "./surface.ts";

const MAX_PENDING = 1000;

export class Presentation implements WpPresentationRequests {
  constructor(resource: WpPresentationResource) {
    resource.handler = this;
    resource.clockId(CLOCK_MONOTONIC);
  }

  feedback(
    resource: Parameters<WpPresentationRequests["feedback"]>[0],
    callback: Parameters<WpPresentationRequests["feedback"]>[1],
  ): void {
    const surface = Surface.of(resource);
    if (surface.pending.feedbacks.length + surface.feedbacks.length >= MAX_PENDING) {
      throw new LimitError(`more than ${MAX_PENDING} presentation feedbacks`);
    }
    surface.pending.feedbacks.push(callback);
  }
}
