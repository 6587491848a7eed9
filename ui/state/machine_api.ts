/** Requests about the machine itself: network, SSH keys, factory reset, backup. */
import { z } from "zod";
import {
  BackupContent,
  BackupJob,
  type BackupPart,
  type BackupRequest,
  type FactoryReset,
  NetworkState,
  RestoreOutcome,
  Restoring,
  SshKeys,
  Upload,
  UPLOAD_PIECE,
  type UploadRequest,
  WiredChanged,
  type WiredSetting,
} from "../../src/protocol/machine.ts";
import { request } from "./api.ts";

const Nothing = z.unknown();
const part = encodeURIComponent;

export const machineApi = {
  network: () => request("GET", "/machine/network", NetworkState),
  scanWifi: () => request("POST", "/machine/wifi/scan", Nothing, {}),
  connectWifi: (ssid: string, passphrase?: string) =>
    request("POST", "/machine/wifi/connect", NetworkState, { ssid, passphrase }),
  forgetWifi: (ssid: string, security: string) =>
    request("POST", "/machine/wifi/forget", NetworkState, { ssid, security }),
  changeWired: (name: string, setting: WiredSetting) =>
    request("POST", "/machine/wired", WiredChanged, { name, setting }),
  keepWired: (token: string) => request("POST", "/machine/wired/keep", Nothing, { token }),
  sshKeys: () => request("GET", "/machine/ssh-keys", SshKeys),
  addSshKey: (key: string) => request("POST", "/machine/ssh-keys", SshKeys, { key }),
  removeSshKey: (fingerprint: string) =>
    request("DELETE", "/machine/ssh-keys", SshKeys, { fingerprint }),
  factoryReset: (body: z.input<typeof FactoryReset>) =>
    request("POST", "/machine/factory-reset", Nothing, body),
  startBackup: (body: z.input<typeof BackupRequest>) =>
    request("POST", "/backups", BackupJob, body),
  backup: (id: string) => request("GET", `/backups/${part(id)}`, BackupJob),
  beginUpload: (body: z.input<typeof UploadRequest>) => request("POST", "/restores", Upload, body),
  backupContent: (id: string) => request("GET", `/restores/${part(id)}`, BackupContent),
  restore: (id: string, parts: BackupPart[]) =>
    request("POST", `/restores/${part(id)}/start`, Restoring, { parts }),
  restoreOutcome: () => request("GET", "/restores", RestoreOutcome),
};

/** Where a packed backup is fetched from by the browser itself. */
export const backupUrl = (id: string) => `/api/backups/${part(id)}/file`;

/** Sends a file in pieces; `onProgress` gets a share from 0 to 1. Ends where `signal` says so. */
export async function uploadPieces(
  upload: Upload,
  file: Blob,
  onProgress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let { received } = upload;
  while (received < file.size) {
    signal.throwIfAborted();
    const piece = file.slice(received, received + UPLOAD_PIECE);
    const path = `/restores/${part(upload.id)}?offset=${received}`;
    ({ received } = await request("PUT", path, Upload, piece));
    onProgress(received / file.size);
  }
}
