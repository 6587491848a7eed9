import type { Transport, ViewerTransport } from "../../src/media/stages.ts";
import type { ControlToViewer } from "../../src/protocol/control.ts";

/** A viewer double: records what it is told; what its page does is done by calling its handlers. */
export class RecordingViewer implements ViewerTransport {
  onCandidate: ViewerTransport["onCandidate"] = () => {};
  onState: ViewerTransport["onState"] = () => {};
  onInput: ViewerTransport["onInput"] = () => {};
  onControl: ViewerTransport["onControl"] = () => {};
  onMicrophone: ViewerTransport["onMicrophone"] = () => {};
  onIdrNeeded: ViewerTransport["onIdrNeeded"] = () => {};
  onEstimate: ViewerTransport["onEstimate"] = () => {};
  onSent: ViewerTransport["onSent"] = () => {};
  hearsSurround = false;
  frames = 0;
  closed = false;
  controls: ControlToViewer[] = [];
  offer = () => Promise.resolve("v=0");
  answer = () => Promise.resolve();
  addCandidate = () => Promise.resolve();
  sendVideo = () => void this.frames++;
  sendAudio = () => {};
  sendControl = (message: ControlToViewer) => void this.controls.push(message);
  close = () => {
    this.closed = true;
    return Promise.resolve();
  };
}

/** A transport double that keeps the viewers it made, in order. */
export function recordingTransport(): { transport: Transport; made: RecordingViewer[] } {
  const made: RecordingViewer[] = [];
  const transport: Transport = {
    viewer() {
      made.push(new RecordingViewer());
      return made.at(-1)!;
    },
    close: () => Promise.resolve(),
  };
  return { transport, made };
}
