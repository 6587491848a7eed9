/**
 * The peer of the latency benchmark: an X11 application in Xvfb, streamed by GStreamer's webrtcbin
 * to a page. The Debian packages are named in webrtcbin.py and flash_app.py.
 */
import type { Page } from "playwright-core";
import { fileURLToPath } from "node:url";
import { TextLineStream } from "../../transport/text_lines.ts";

export interface WebrtcbinOptions {
  width: number;
  height: number;
  /** kbit/s */
  kbits: number;
}

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** Debian's own interpreter: another one in PATH does not see Debian's bindings. */
const PYTHON = "/usr/bin/python3";

/** A running pipeline, shown in a page; its input is the page's clicks. */
export class WebrtcbinStream implements AsyncDisposable {
  readonly #children: Deno.ChildProcess[] = [];
  #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>> | undefined;
  #web: Deno.HttpServer | undefined;

  /** Starts it and resolves when the page shows pictures. Throws where a part of it does not start. */
  static async start(page: Page, options: WebrtcbinOptions): Promise<WebrtcbinStream> {
    const stream = new WebrtcbinStream();
    try {
      await stream.#start(page, options);
      return stream;
    } catch (error) {
      await stream[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(page: Page, { width, height, kbits }: WebrtcbinOptions): Promise<void> {
    const number = await this.#spawn("Xvfb", [
      ...["-displayfd", "1", "-screen", "0", `${width}x${height}x24`, "-nolisten", "tcp"],
      ...["-nocursor"],
    ]);
    const env = { DISPLAY: `:${number}` };
    await this.#spawn(PYTHON, [file("flash_app.py"), String(width), String(height)], env);
    // VideoFrame is there in secure pages only, and loopback is one.
    this.#web = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () =>
        new Response("<!doctype html><title>webrtcbin</title>", {
          headers: { "content-type": "text/html" },
        }),
    );
    await page.goto(`http://127.0.0.1:${(this.#web.addr as Deno.NetAddr).port}/`);
    await page.exposeFunction("sendSignal", (message: unknown) => this.#tell(message));
    await page.evaluate(viewerPage);
    const streamer = this.#child(PYTHON, [file("webrtcbin.py"), String(kbits)], env, "piped");
    this.#stdin = streamer.stdin.getWriter();
    (async () => {
      for await (const line of streamer.stdout.pipeThrough(new TextLineStream())) {
        const message = JSON.parse(line);
        await page.evaluate((message) => {
          (globalThis as unknown as PeerWindow).receiveSignal(message);
        }, message).catch(() => {});
      }
    })();
    await page.waitForFunction(
      () => (document.querySelector("video")?.videoWidth ?? 0) > 0,
      undefined,
      { timeout: 20_000 },
    );
  }

  #tell(message: unknown): void {
    this.#stdin?.write(new TextEncoder().encode(JSON.stringify(message) + "\n")).catch(() => {});
  }

  #child(
    command: string,
    args: string[],
    env: Record<string, string>,
    stdin: "piped" | "null",
  ): Deno.ChildProcess {
    const child = new Deno.Command(command, {
      args,
      env,
      stdin,
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#children.push(child);
    return child;
  }

  /** Starts a program and resolves with the first line it writes. */
  async #spawn(command: string, args: string[], env: Record<string, string> = {}): Promise<string> {
    const child = this.#child(command, args, env, "null");
    const reader = child.stdout.pipeThrough(new TextLineStream()).getReader();
    const { value, done } = await reader.read();
    if (done) {
      throw new Error(`expected ${command} ${args[0]} to start, it ended: is it installed?`);
    }
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin?.close().catch(() => {});
    for (const child of this.#children.reverse()) {
      try {
        child.kill("SIGTERM");
      } catch {
        // It ended already.
      }
      await child.status;
    }
    await this.#web?.shutdown();
  }
}

interface PeerWindow {
  sendSignal(message: unknown): void;
  receiveSignal(message: { type: string; sdp: string } & RTCIceCandidateInit): void;
}

/** Runs in the page: answers the offer, shows the video, sends clicks. */
function viewerPage(): void {
  const peerWindow = globalThis as unknown as PeerWindow;
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  video.style.cssText = "position:fixed;inset:0;width:100vw;height:100vh";
  document.body.append(video);
  const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  peer.ontrack = ({ track, receiver }) => {
    receiver.jitterBufferTarget = 0;
    video.srcObject = new MediaStream([track]);
  };
  peer.onicecandidate = ({ candidate }) => {
    if (candidate) peerWindow.sendSignal({ type: "candidate", ...candidate.toJSON() });
  };
  let input: RTCDataChannel | undefined;
  peer.ondatachannel = ({ channel }) => input = channel;
  addEventListener("mousedown", () => input?.send("down"));
  addEventListener("mouseup", () => input?.send("up"));
  let order = Promise.resolve();
  peerWindow.receiveSignal = (message) => {
    order = order.then(async () => {
      if (message.type === "offer") {
        await peer.setRemoteDescription({ type: "offer", sdp: message.sdp });
        await peer.setLocalDescription(await peer.createAnswer());
        peerWindow.sendSignal({ type: "answer", sdp: peer.localDescription!.sdp });
      } else await peer.addIceCandidate({ ...message, sdpMid: message.sdpMid ?? null });
    });
  };
}
