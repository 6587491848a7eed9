#!/usr/bin/python3
"""The benchmark peer: an X display streamed by GStreamer's webrtcbin, as fast as it can be tuned.

ximagesrc, x264enc (ultrafast, zerolatency), no queue longer than one picture, playout delay 0 (as a
header extension that GStreamer has not, so each packet is changed by a pad probe), input by a data
channel and XTEST.

Argument: kbit/s. Environment: DISPLAY. Reads JSON lines from standard input
({"type": "answer", "sdp"}, {"type": "candidate", "candidate", "sdpMLineIndex"}) and writes such
lines ("offer", "candidate"). Debian packages: gstreamer1.0-plugins-base gstreamer1.0-plugins-good
gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly gstreamer1.0-nice python3-gi python3-xlib
gir1.2-gst-plugins-base-1.0 gir1.2-gst-plugins-bad-1.0.
"""
import ctypes
import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402
from Xlib import X, display  # noqa: E402
from Xlib.ext import xtest  # noqa: E402

PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
EXTENSION_ID = 3
PIPELINE = """
webrtcbin name=webrtc bundle-policy=max-bundle latency=0
ximagesrc use-damage=false show-pointer=false remote=true
! video/x-raw,framerate=60/1
! queue max-size-buffers=1 max-size-time=0 max-size-bytes=0 leaky=downstream
! videoconvert n-threads=2
! video/x-raw,format=I420
! x264enc tune=zerolatency speed-preset=ultrafast bitrate={kbits} key-int-max=3600
  vbv-buf-capacity=50 byte-stream=true
! video/x-h264,profile=constrained-baseline
! rtph264pay name=payloader config-interval=-1 aggregate-mode=zero-latency mtu=1200 pt=96
! capssetter caps="application/x-rtp,media=video,encoding-name=H264,payload=96,extmap-{id}={uri}"
! webrtc.
"""


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class ProbeInfo(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("id", ctypes.c_ulong), ("data", ctypes.c_void_p)]


class PlayoutDelay:
    """Adds the extension with minimum and maximum 0 to each packet that leaves a pad.

    By ctypes, since a buffer that Python sees has a second reference and cannot be written.
    """

    PROBE = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ProbeInfo), ctypes.c_void_p
    )
    READ_WRITE = 3

    def __init__(self, pad):
        gst = ctypes.CDLL("libgstreamer-1.0.so.0")
        self.rtp = ctypes.CDLL("libgstrtp-1.0.so.0")
        self.make_writable = gst.gst_mini_object_make_writable
        self.make_writable.restype = ctypes.c_void_p
        self.make_writable.argtypes = [ctypes.c_void_p]
        self.rtp.gst_rtp_buffer_map.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p]
        self.rtp.gst_rtp_buffer_unmap.argtypes = [ctypes.c_void_p]
        self.rtp.gst_rtp_buffer_add_extension_onebyte_header.argtypes = [
            ctypes.c_void_p,
            ctypes.c_uint8,
            ctypes.c_void_p,
            ctypes.c_uint,
        ]
        self.callback = self.PROBE(self.on_probe)
        gst.gst_buffer_list_get_writable.restype = ctypes.c_void_p
        gst.gst_buffer_list_get_writable.argtypes = [ctypes.c_void_p, ctypes.c_uint]
        gst.gst_buffer_list_length.argtypes = [ctypes.c_void_p]
        self.gst = gst
        gst.gst_pad_add_probe.argtypes = [ctypes.c_void_p, ctypes.c_int, self.PROBE] + [
            ctypes.c_void_p
        ] * 2
        both = int(Gst.PadProbeType.BUFFER) | int(Gst.PadProbeType.BUFFER_LIST)
        gst.gst_pad_add_probe(hash(pad), both, self.callback, None, None)

    def on_probe(self, _pad, info, _data):
        kind = info.contents.type
        writable = self.make_writable(info.contents.data)
        info.contents.data = writable
        if kind & int(Gst.PadProbeType.BUFFER_LIST):
            for i in range(self.gst.gst_buffer_list_length(writable)):
                self.extend(self.gst.gst_buffer_list_get_writable(writable, i))
        else:
            self.extend(writable)
        return int(Gst.PadProbeReturn.OK)

    def extend(self, buffer):
        # Larger than a GstRTPBuffer in any version.
        mapped = ctypes.create_string_buffer(4096)
        if not self.rtp.gst_rtp_buffer_map(buffer, self.READ_WRITE, mapped):
            raise RuntimeError("expected an RTP packet")
        self.rtp.gst_rtp_buffer_add_extension_onebyte_header(mapped, EXTENSION_ID, bytes(3), 3)
        self.rtp.gst_rtp_buffer_unmap(mapped)


class Streamer:
    def __init__(self, kbits):
        self.server = display.Display()
        text = PIPELINE.format(kbits=kbits, id=EXTENSION_ID, uri=PLAYOUT_DELAY)
        self.pipeline = Gst.parse_launch(text)
        self.webrtc = self.pipeline.get_by_name("webrtc")
        payloader = self.pipeline.get_by_name("payloader")
        self.playout_delay = PlayoutDelay(payloader.get_static_pad("src"))
        self.webrtc.connect("on-negotiation-needed", self.on_negotiation_needed)
        self.webrtc.connect("on-ice-candidate", self.on_candidate)
        # A data channel needs the association, which exists in READY.
        self.pipeline.set_state(Gst.State.READY)
        self.channel = self.webrtc.emit("create-data-channel", "input", None)
        self.channel.connect("on-message-string", self.on_input)
        self.pipeline.set_state(Gst.State.PLAYING)

    def on_negotiation_needed(self, _webrtc):
        promise = Gst.Promise.new_with_change_func(self.on_offer)
        self.webrtc.emit("create-offer", None, promise)

    def on_offer(self, promise):
        # The description lives as long as the reply.
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        text = offer.sdp.as_text()
        self.webrtc.emit("set-local-description", offer, Gst.Promise.new())
        say({"type": "offer", "sdp": text})

    def on_candidate(self, _webrtc, line, candidate):
        say({"type": "candidate", "candidate": candidate, "sdpMLineIndex": line})

    def on_input(self, _channel, text):
        kind = X.ButtonPress if text == "down" else X.ButtonRelease
        xtest.fake_input(self.server, kind, 1)
        self.server.flush()

    def answer(self, sdp):
        _, message = GstSdp.SDPMessage.new_from_text(sdp)
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.webrtc.emit("set-remote-description", answer, Gst.Promise.new())

    def candidate(self, line, candidate):
        self.webrtc.emit("add-ice-candidate", line, candidate)


def main():
    Gst.init(None)
    streamer = Streamer(int(sys.argv[1]))
    loop = GLib.MainLoop()

    def on_line(channel, _condition):
        line = channel.readline()
        if not line:
            loop.quit()
            return False
        message = json.loads(line)
        if message["type"] == "answer":
            streamer.answer(message["sdp"])
        else:
            streamer.candidate(message.get("sdpMLineIndex") or 0, message["candidate"])
        return True

    stdin = GLib.IOChannel.unix_new(sys.stdin.fileno())
    GLib.io_add_watch(stdin, GLib.IO_IN | GLib.IO_HUP, on_line)
    loop.run()
    streamer.pipeline.set_state(Gst.State.NULL)


main()
