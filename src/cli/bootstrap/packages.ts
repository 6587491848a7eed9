/** A Debian package that Gamelan uses, and what for; shown to the person before it is installed. */
export interface Requirement {
  /** Package names in order of preference; any one that is installed will do. */
  anyOf: string[];
  /** Completes the sentence "needed to …". */
  why: string;
}

/** What `deno task start` needs. One table for Debian 12 and 13: names that differ stand side by side. */
export const runtimePackages: Requirement[] = [
  { anyOf: ["libavcodec61", "libavcodec59"], why: "encode the picture (libx264 by libavcodec)" },
  { anyOf: ["libyuv0"], why: "convert and scale the picture" },
  { anyOf: ["libopus0"], why: "encode the sound" },
  { anyOf: ["libpulse0"], why: "capture the sound" },
  { anyOf: ["pulseaudio"], why: "give each game its own sound server" },
  { anyOf: ["libasound2-plugins"], why: "hear games that use ALSA" },
  { anyOf: ["libxkbcommon0"], why: "understand keyboard layouts" },
  { anyOf: ["xkb-data"], why: "know the keyboard layouts" },
  { anyOf: ["xwayland"], why: "run X11 games" },
  { anyOf: ["libxcb1"], why: "manage windows of X11 games" },
  { anyOf: ["libxcb-shm0"], why: "stream an X11 desktop" },
  { anyOf: ["libxcb-damage0"], why: "notice what changed on an X11 desktop" },
  { anyOf: ["libxcb-xtest0"], why: "control an X11 desktop" },
  { anyOf: ["libxcb-xfixes0"], why: "show the cursor of an X11 desktop" },
  { anyOf: ["libxcb-randr0"], why: "follow the size of an X11 desktop" },
  { anyOf: ["bubblewrap"], why: "keep games in a sandbox" },
  { anyOf: ["erofs-utils"], why: "make game packages" },
  { anyOf: ["squashfs-tools"], why: "import AppImages" },
  { anyOf: ["xz-utils"], why: "unpack Debian packages and archives" },
  { anyOf: ["libgl1-mesa-dri"], why: "draw OpenGL games" },
  { anyOf: ["libssl3", "libssl3t64"], why: "encrypt the stream" },
];

/** What `deno task test` needs besides. */
export const testPackages: Requirement[] = [
  { anyOf: ["chromium"], why: "play in a real browser" },
  { anyOf: ["redis-server"], why: "test several coordinators on one store" },
  { anyOf: ["weston"], why: "test the display with its example clients" },
  { anyOf: ["ffmpeg"], why: "check encoded pictures with an independent decoder" },
  { anyOf: ["xvfb"], why: "stream an X11 desktop" },
  { anyOf: ["xterm"], why: "test X11 windows" },
  { anyOf: ["x11-apps"], why: "test X11 windows" },
  { anyOf: ["pulseaudio-utils"], why: "play and record test tones" },
  { anyOf: ["gcc"], why: "compare structures with the kernel's headers" },
  { anyOf: ["libc6-dev"], why: "compare structures with the kernel's headers" },
  { anyOf: ["linux-libc-dev"], why: "compare structures with the kernel's headers" },
  { anyOf: ["procps"], why: "look for processes that were left over" },
];
