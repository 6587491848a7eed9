import { prepareAudio } from "../audio/pipeline.ts";
import { prepareCompositor } from "../display/compositor_source.ts";
import { prepareTransport } from "../transport/webrtc/transport.ts";
import { prepareVideo } from "../video/pipeline.ts";

/**
 * Does in a process that waits for its session what every session needs: starts its Workers, whose
 * modules take longest to load, and makes certificate and code of the transport ready. Resolves when all of that is done.
 */
export async function prepareStages(): Promise<void> {
  await Promise.all([prepareCompositor(), prepareVideo(), prepareAudio(), prepareTransport()]);
}
