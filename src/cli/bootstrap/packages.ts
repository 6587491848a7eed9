import { UNPACKED_PULSEAUDIO, unpackedPulseAudio } from "../../audio/unpacked_pulseaudio.ts";

/** A Debian package that Gamelan uses, and what for; shown to the person before it is installed. */
export interface Requirement {
  /** Package names; any one that is installed will do. The first is the one to install. */
  anyOf: string[];
  /** The one to install on Debian 12 where that is another than the first. */
  onDebian12?: string;
  /** Completes the sentence "needed to …". */
  why: string;
  /** What goes wrong without it, where Gamelan is of use all the same: "games are silent". */
  without?: string;
  /** Where it conflicts with what is installed it is unpacked, and not installed. */
  unpack?: {
    /** Folder for its files; its parent is there on any Debian. */
    into: string;
    /** Packages of the libraries it needs; one of each list. */
    libraries: string[][];
    /** Command line of the unpacked program; undefined where there is none. */
    command: (into: string) => string[] | undefined;
  };
}

/** What `deno task start` needs. One table for Debian 12 and 13: names that differ stand side by side. */
export const runtimePackages: Requirement[] = [
  {
    anyOf: ["libavcodec61", "libavcodec59", "libavcodec-extra61", "libavcodec-extra59"],
    onDebian12: "libavcodec59",
    why: "encode the picture (libx264 by libavcodec)",
  },
  { anyOf: ["libyuv0"], why: "convert and scale the picture" },
  { anyOf: ["libopus0"], why: "encode the sound" },
  { anyOf: ["libpulse0"], why: "capture the sound" },
  {
    anyOf: ["pulseaudio"],
    why: "give each game its own sound server",
    without: "games are silent",
    // Conflicts with pipewire-audio, which Debian's desktops install.
    unpack: {
      into: UNPACKED_PULSEAUDIO,
      libraries: [
        ["libltdl7"],
        ["liborc-0.4-0t64", "liborc-0.4-0"],
        ["libsoxr0"],
        ["libspeexdsp1"],
        ["libtdb1"],
        ["libwrap0"],
      ],
      command: unpackedPulseAudio,
    },
  },
  { anyOf: ["libssl3t64", "libssl3"], onDebian12: "libssl3", why: "encrypt the stream" },
  { anyOf: ["libxkbcommon0"], why: "understand keyboard layouts" },
  { anyOf: ["xkb-data"], why: "know the keyboard layouts" },
  { anyOf: ["xwayland"], why: "run X11 games" },
  { anyOf: ["libgl1-mesa-dri"], why: "offer OpenGL to X11 games" },
  // Opened by Xwayland 24.1 (Debian 13), which ends without it and does not depend on it.
  { anyOf: ["libegl1"], why: "start the X server of X11 games" },
  { anyOf: ["libxcb1"], why: "manage windows of X11 games" },
  {
    anyOf: ["libxcb-shm0"],
    why: "stream an X11 desktop",
    without: "X11 desktops cannot be streamed",
  },
  {
    anyOf: ["libxcb-damage0"],
    why: "notice what changed on an X11 desktop",
    without: "X11 desktops cannot be streamed",
  },
  {
    anyOf: ["libxcb-xtest0"],
    why: "control an X11 desktop",
    without: "X11 desktops cannot be streamed",
  },
  {
    anyOf: ["libxcb-xfixes0"],
    why: "show the cursor of an X11 desktop",
    without: "X11 desktops cannot be streamed",
  },
  { anyOf: ["bubblewrap"], why: "keep games in a sandbox" },
  {
    anyOf: ["passt"],
    why: "give games that want the network one of their own",
    without: "games have no network",
  },
  { anyOf: ["mount"], why: "lay a game's files above each other" },
  { anyOf: ["erofs-utils"], why: "make game packages" },
  { anyOf: ["xz-utils"], why: "unpack archives" },
  { anyOf: ["zstd"], why: "unpack archives", without: "zstd archives cannot be imported" },
  { anyOf: ["unzip"], why: "unpack archives", without: "zip archives cannot be imported" },
  {
    anyOf: ["squashfs-tools"],
    why: "import AppImages",
    without: "AppImages cannot be imported",
  },
];

/** What `deno task test` needs besides. */
export const testPackages: Requirement[] = [
  { anyOf: ["chromium"], why: "play in a real browser" },
  { anyOf: ["redis-server"], why: "test several coordinators on one store" },
  { anyOf: ["ffmpeg"], why: "check encoded pictures with an independent decoder" },
  { anyOf: ["xvfb"], why: "stream an X11 desktop" },
  { anyOf: ["xterm"], why: "test X11 windows" },
  { anyOf: ["weston"], why: "play a Wayland program that is not ours" },
  { anyOf: ["mesa-utils"], why: "test OpenGL in X11 windows" },
  { anyOf: ["pulseaudio-utils"], why: "play and record test tones" },
  { anyOf: ["gcc"], why: "compare structures with the kernel's headers" },
  { anyOf: ["libc6-dev"], why: "compare structures with the kernel's headers" },
  { anyOf: ["linux-libc-dev"], why: "compare structures with the kernel's headers" },
  { anyOf: ["openssl"], why: "check certificates with an independent reader" },
  { anyOf: ["fdisk"], why: "try updates on a disk of the tests" },
  { anyOf: ["zip"], why: "make archives to import" },
  { anyOf: ["iproute2"], why: "make networks of one's own" },
  { anyOf: ["openssh-server"], why: "simulate the boxes of a fleet" },
  { anyOf: ["openssh-client"], why: "talk to the boxes of a fleet" },
  { anyOf: ["rsync"], why: "send files to the boxes of a fleet" },
  { anyOf: ["python3-gi"], why: "play with GStreamer, an independent WebRTC peer" },
  { anyOf: ["gir1.2-gstreamer-1.0"], why: "play with GStreamer" },
  { anyOf: ["gir1.2-gst-plugins-base-1.0"], why: "play with GStreamer" },
  { anyOf: ["gir1.2-gst-plugins-bad-1.0"], why: "play with GStreamer" },
  { anyOf: ["gstreamer1.0-plugins-base"], why: "play with GStreamer" },
  { anyOf: ["gstreamer1.0-plugins-good"], why: "play with GStreamer" },
  { anyOf: ["gstreamer1.0-plugins-bad"], why: "play with GStreamer" },
  { anyOf: ["gstreamer1.0-nice"], why: "play with GStreamer" },
  { anyOf: ["gstreamer1.0-libav"], why: "play with GStreamer" },
];

/** What `deno task bench` needs besides those of the tests: the peers it measures beside. */
export const benchPackages: Requirement[] = [
  { anyOf: ["sway"], why: "measure capture beside a compositor and wlr-screencopy" },
  { anyOf: ["gstreamer1.0-tools"], why: "measure latency beside GStreamer's webrtcbin" },
  { anyOf: ["gstreamer1.0-plugins-ugly"], why: "encode with libx264 in GStreamer" },
  { anyOf: ["python3-xlib"], why: "show what GStreamer streams" },
];
