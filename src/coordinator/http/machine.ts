/** What the house asks of the machine that it runs on; `src/cli` gives what there is. */
import type {
  BackupContent,
  BackupJob,
  BackupPart,
  NetworkState,
  SshKey,
  Upload,
  WiredChanged,
  WiredSetting,
} from "../../protocol/machine.ts";

/** A machine that is nothing but a house. What it cannot do it says by a Refusal. */
export interface ApplianceControl {
  network(): Promise<NetworkState>;
  scanWifi(): Promise<void>;
  connectWifi(ssid: string, passphrase?: string): Promise<void>;
  forgetWifi(ssid: string, security: string): Promise<void>;
  /** Tries a setting for a while. */
  changeWired(name: string, setting: WiredSetting): Promise<WiredChanged>;
  /** Keeps the one on trial; false where there is none with this token. */
  keepWired(token: string): boolean;
  sshKeys(): SshKey[];
  addSshKey(key: string): SshKey;
  removeSshKey(fingerprint: string): boolean;
  /** Restarts the machine; at its start all data is erased. */
  factoryReset(): Promise<void>;
}

/** Backups of this house; src/backup/house_backups.ts. */
export interface BackupControl {
  start(parts: BackupPart[]): BackupJob;
  job(id: string): BackupJob | undefined;
  open(id: string): Promise<{ bytes: number; body: ReadableStream<Uint8Array> } | undefined>;
  /** Another one after each start of the house. */
  readonly run: string;
  /** Why the restore that the house has just tried failed. */
  readonly failure: string | undefined;
  begin(bytes: number): Promise<Upload>;
  upload(id: string): Upload | undefined;
  piece(id: string, offset: number, piece: Uint8Array): Promise<Upload>;
  content(id: string): Promise<BackupContent>;
  restore(id: string, parts: BackupPart[]): Promise<number>;
}
