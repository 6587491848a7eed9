import { startAudio } from "../audio/pipeline.ts";
import { startCompositor } from "../display/compositor_source.ts";
import { startX11Source } from "../display/x11/source.ts";
import { createInputDevices } from "../input/devices.ts";
import { seatDeviceKinds } from "../input/seat_devices.ts";
import { dismissWorker } from "../system/worker_module.ts";
import { startVideo } from "../video/pipeline.ts";
import { gameNeeds, launchSource } from "./launch.ts";
import type { SessionStages } from "./stages.ts";

/** The real stages. */
export const liveStages: SessionStages = {
  compositor: startCompositor,
  desktop: (options) => {
    dismissWorker("display");
    return startX11Source(options);
  },
  // Most games are Wayland clients; the window manager is loaded for those that are not.
  xserver: async (options) => {
    const { startXwayland } = await import("../display/xwayland/xwayland.ts");
    return await startXwayland(options);
  },
  video: startVideo,
  audio: startAudio,
  // The self-test has no viewer, and this is the largest part of a session.
  transport: async (options) =>
    (await import("../transport/webrtc/transport.ts")).createTransport(options),
  devices: ({ evdev, ...places }) =>
    createInputDevices({ ...places, seat: evdev ? seatDeviceKinds : [] }),
  needs: gameNeeds,
  game: launchSource,
};
