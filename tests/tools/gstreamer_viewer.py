#!/usr/bin/env python3
"""A test client: GStreamer's webrtcbin in the page's place.

Reads JSON lines from standard input: {"type": "offer", "sdp"}, {"type": "candidate", "candidate",
"sdpMLineIndex"}. Writes JSON lines: {"type": "answer", "sdp"}, {"type": "candidate", ...},
{"type": "frames", "count"} ten times a second, {"type": "control", "text"} for what comes in on
the control channel. Debian packages: gstreamer1.0-plugins-base gstreamer1.0-plugins-good
gstreamer1.0-plugins-bad gstreamer1.0-nice gstreamer1.0-libav python3-gi gir1.2-gstreamer-1.0
gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0.
"""
import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Viewer:
    def __init__(self):
        self.frames = 0
        self.channels = []
        self.pipeline = Gst.Pipeline.new("viewer")
        self.webrtc = Gst.ElementFactory.make("webrtcbin", "webrtc")
        self.webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.webrtc)
        self.webrtc.connect("on-ice-candidate", self.on_candidate)
        self.webrtc.connect("pad-added", self.on_pad)
        self.pipeline.set_state(Gst.State.PLAYING)
        GLib.timeout_add(100, self.report)

    def report(self):
        say({"type": "frames", "count": self.frames})
        return True

    def on_candidate(self, _webrtc, line, candidate):
        say({"type": "candidate", "candidate": candidate, "sdpMLineIndex": line})

    def on_pad(self, _webrtc, pad):
        caps = pad.get_current_caps().get_structure(0)
        video = caps.get_string("media") == "video"
        description = (
            "rtph264depay ! h264parse ! avdec_h264 ! fakesink name=sink sync=false"
            if video
            else "fakesink name=sink sync=false"
        )
        chain = Gst.parse_bin_from_description(description, True)
        self.pipeline.add(chain)
        chain.sync_state_with_parent()
        pad.link(chain.get_static_pad("sink"))
        if video:
            sink = chain.get_by_name("sink")
            sink.set_property("signal-handoffs", True)
            sink.connect("handoff", self.on_frame)

    def on_frame(self, *_):
        self.frames += 1

    def offer(self, sdp):
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        offer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, message)
        self.webrtc.emit(
            "set-remote-description", offer, Gst.Promise.new_with_change_func(self.on_offer_set)
        )

    def on_offer_set(self, _promise):
        control = self.webrtc.emit("create-data-channel", "control", None)
        control.connect("on-open", self.on_control_open)
        control.connect("on-message-string", lambda _, text: say({"type": "control", "text": text}))
        options = Gst.Structure.new_from_string(
            "options, ordered=(boolean)false, max-retransmits=(int)0"
        )
        motion = self.webrtc.emit("create-data-channel", "motion", options)
        self.channels = [control, motion]
        self.webrtc.emit(
            "create-answer", None, Gst.Promise.new_with_change_func(self.on_answer)
        )

    def on_answer(self, promise):
        # The description lives as long as the reply.
        reply = promise.get_reply()
        answer = reply.get_value("answer")
        text = answer.sdp.as_text()
        self.webrtc.emit("set-local-description", answer, Gst.Promise.new())
        say({"type": "answer", "sdp": text})

    def on_control_open(self, channel):
        channel.emit("send-string", '{"type":"ping","t":5}')

    def candidate(self, line, candidate):
        self.webrtc.emit("add-ice-candidate", line, candidate)


def main():
    Gst.init(None)
    viewer = Viewer()
    loop = GLib.MainLoop()

    def on_input(channel, _condition):
        line = channel.readline()
        if not line:
            loop.quit()
            return False
        message = json.loads(line)
        if message["type"] == "offer":
            viewer.offer(message["sdp"])
        elif message["type"] == "candidate":
            viewer.candidate(message.get("sdpMLineIndex") or 0, message["candidate"])
        return True

    GLib.io_add_watch(
        GLib.IOChannel.unix_new(sys.stdin.fileno()), GLib.IO_IN | GLib.IO_HUP, on_input
    )
    loop.run()
    viewer.pipeline.set_state(Gst.State.NULL)


main()
