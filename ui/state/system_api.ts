/** Requests about the system of an appliance: its version and updates. */
import { z } from "zod";
import { Upload, UPLOAD_PIECE } from "../../src/protocol/machine.ts";
import { SystemState } from "../../src/protocol/update.ts";
import { request } from "./api.ts";

const Nothing = z.unknown();
const UPDATES = "/system/updates";

export const systemApi = {
  state: () => request("GET", "/system", SystemState),
  cancel: () => request("POST", "/system/cancel", SystemState, {}),
  rollback: () => request("POST", "/system/rollback", Nothing, {}),

  /** Sends an update file in pieces; `onProgress` gets a share from 0 to 1. Returns its id. */
  async send(file: Blob, onProgress: (share: number) => void, signal: AbortSignal) {
    let { id, received } = await request("POST", UPDATES, Upload, { bytes: file.size });
    while (received < file.size) {
      signal.throwIfAborted();
      const piece = file.slice(received, received + UPLOAD_PIECE);
      const path = `${UPDATES}/${encodeURIComponent(id)}?offset=${received}`;
      ({ id, received } = await request("PUT", path, Upload, piece));
      onProgress(received / file.size);
    }
    return id;
  },

  install: (id: string, now: boolean) =>
    request("POST", `${UPDATES}/${encodeURIComponent(id)}/install`, Nothing, { now }),
};
