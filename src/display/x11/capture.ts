import {
  cstring,
  errno,
  errnoText,
  libc,
  MAP_SHARED,
  MFD_CLOEXEC,
  PROT_READ,
  PROT_WRITE,
} from "../../../ffi/libc.ts";
import { IMAGE_FORMAT_Z_PIXMAP } from "../../../ffi/libxcb.ts";
import { libxcbDamage, REPORT_BOUNDING_BOX } from "../../../ffi/libxcb_damage.ts";
import { libxcbShm } from "../../../ffi/libxcb_shm.ts";
import { XConnection, XConnectionError } from "./connection.ts";
import type { Rows } from "./conversion.ts";

const ALL_PLANES = 0xffffffff;

/** Memory that the X server writes pictures into. */
interface SharedSegment {
  id: number;
  memory: Deno.PointerObject;
  length: number;
}

/**
 * Pictures of the root window, read band by band: the server copies only the rows that were drawn
 * since the last grab (DAMAGE's bounding box) into a picture that stays between grabs.
 */
export class ScreenCapture {
  width: number;
  height: number;
  /** Bytes B, G, R, X; rows of `width * 4`. */
  pixels = new Uint8Array();
  /** Number of the extension's DamageNotify event. */
  readonly damageEvent: number;
  readonly #damage: number;
  /** Rows that the last grab read, [first, after last). */
  grabbed: Rows = [0, 0];
  #segment: SharedSegment | undefined;
  /** Rows drawn since the last grab, [first, after last). */
  #dirty: Rows | undefined;

  /** Throws {@linkcode XConnectionError} where the server cannot be captured from. */
  constructor(readonly connection: XConnection) {
    const { screen } = connection;
    if (screen.depth !== 24 && screen.depth !== 32 || screen.bitsPerPixel !== 32) {
      throw new XConnectionError(
        `expected a desktop with 24 bits of colour, ${connection.display} has ${screen.depth};` +
          " start its X server with depth 24",
      );
    }
    const damageEvent = connection.extension("DAMAGE");
    if (damageEvent === undefined) {
      throw new XConnectionError(`the X server ${connection.display} lacks the DAMAGE extension`);
    }
    this.damageEvent = damageEvent;
    const damage = libxcbDamage();
    connection.reply(damage.xcb_damage_query_version(connection.handle, 1, 1));
    this.#damage = connection.generateId();
    damage.xcb_damage_create(
      connection.handle,
      this.#damage,
      connection.root,
      REPORT_BOUNDING_BOX,
    );
    this.width = screen.width;
    this.height = screen.height;
    this.#allocate();
  }

  get dirty(): boolean {
    return this.#dirty !== undefined;
  }

  /** Notes a DamageNotify event. */
  damaged(event: Uint8Array): void {
    const view = new DataView(event.buffer, event.byteOffset);
    const top = Math.max(0, view.getInt16(18, true));
    this.#mark(top, top + view.getUint16(22, true));
  }

  /** The root window has another size now. */
  resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    this.#release();
    this.#allocate();
  }

  /** The whole picture is to be read again. */
  markAll(): void {
    this.#mark(0, this.height);
  }

  /** Reads what was drawn into {@linkcode pixels}. False where the root just changed its size. */
  grab(): boolean {
    const [top, bottom] = this.grabbed = this.#dirty ?? [0, 0];
    this.#dirty = undefined;
    // Subtracting first: what is drawn from here on raises a new event.
    libxcbDamage().xcb_damage_subtract(this.connection.handle, this.#damage, 0, 0);
    if (bottom <= top) return true;
    if (this.#segment ? this.#grabShared(top, bottom) : this.#grabCopied(top, bottom)) return true;
    const { handle, root, xcb } = this.connection;
    const geometry = this.connection.reply(xcb.xcb_get_geometry(handle, root));
    if (!geometry) throw new XConnectionError("the X server has lost its root window");
    const view = new DataView(geometry.buffer);
    const [width, height] = [view.getUint16(16, true), view.getUint16(18, true)];
    if (width === this.width && height === this.height) {
      throw new XConnectionError(
        `the X server ${this.connection.display} refuses pictures of its root window`,
      );
    }
    this.resize(width, height);
    return false;
  }

  close(): void {
    this.#release();
  }

  #mark(top: number, bottom: number): void {
    const [from, to] = this.#dirty ?? [this.height, 0];
    this.#dirty = [Math.min(from, top), Math.min(this.height, Math.max(to, bottom))];
  }

  #grabShared(top: number, bottom: number): boolean {
    const sequence = libxcbShm().xcb_shm_get_image(
      this.connection.handle,
      this.connection.root,
      0,
      top,
      this.width,
      bottom - top,
      ALL_PLANES,
      IMAGE_FORMAT_Z_PIXMAP,
      this.#segment!.id,
      top * this.width * 4,
    );
    return this.connection.reply(sequence) !== undefined;
  }

  #grabCopied(top: number, bottom: number): boolean {
    const { handle, root, xcb } = this.connection;
    const rows = bottom - top;
    const reply = this.connection.reply(
      xcb.xcb_get_image(
        handle,
        IMAGE_FORMAT_Z_PIXMAP,
        root,
        0,
        top,
        this.width,
        rows,
        ALL_PLANES,
      ),
    );
    const length = rows * this.width * 4;
    if (!reply || reply.length < 32 + length) return false;
    this.pixels.set(reply.subarray(32, 32 + length), top * this.width * 4);
    return true;
  }

  #allocate(): void {
    const length = this.width * this.height * 4;
    this.#segment = this.#attach(length);
    this.pixels = this.#segment
      ? new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(this.#segment.memory, length))
      : new Uint8Array(length);
    this.#dirty = [0, this.height];
  }

  /** Undefined where the server has no MIT-SHM 1.2 or is on another machine. */
  #attach(length: number): SharedSegment | undefined {
    if (this.connection.extension("MIT-SHM") === undefined) return undefined;
    const shm = libxcbShm();
    const version = this.connection.reply(shm.xcb_shm_query_version(this.connection.handle));
    const view = version && new DataView(version.buffer);
    if (!view || view.getUint16(8, true) * 100 + view.getUint16(10, true) < 102) return undefined;
    const fd = libc.memfd_create(cstring("gamelan-x11-capture"), MFD_CLOEXEC);
    if (fd < 0 || libc.ftruncate(fd, BigInt(length)) < 0) {
      const reason = errnoText(errno());
      if (fd >= 0) libc.close(fd);
      throw new Error(`expected ${length} bytes of memory for the desktop's picture: ${reason}`);
    }
    const memory = libc.mmap(null, BigInt(length), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0n);
    if (Deno.UnsafePointer.value(memory) === 0xffffffffffffffffn) {
      const reason = errnoText(errno());
      libc.close(fd);
      throw new Error(`expected to map ${length} bytes of the desktop's picture: ${reason}`);
    }
    const id = this.connection.generateId();
    const attach = shm.xcb_shm_attach_fd_checked(this.connection.handle, id, fd, 0);
    if (this.connection.errorOf(attach)) {
      libc.munmap(memory, BigInt(length));
      return undefined;
    }
    return { id, memory: memory!, length };
  }

  #release(): void {
    if (!this.#segment) return;
    libxcbShm().xcb_shm_detach(this.connection.handle, this.#segment.id);
    this.connection.flush();
    this.pixels = new Uint8Array();
    libc.munmap(this.#segment.memory, BigInt(this.#segment.length));
    this.#segment = undefined;
  }
}
