/**
 * Factory reset: systemd-repart(8), in the initrd of the next start, removes and makes anew what
 * repart.d marks with FactoryReset=yes, the data partition, before it is mounted. It is asked to by a
 * firmware variable, and removes that itself.
 */
import { join } from "node:path";

/** Of systemd's vendor id, systemd-repart(8) "--factory-reset="; in efivarfs. */
const VARIABLE = "FactoryReset-8cf2644b-4b0b-428f-9387-6d876050dc67";
/** Non-volatile, boot service access, runtime access (UEFI specification, 8.2). */
const ATTRIBUTES = 7;
export const EFI_VARIABLES = "/sys/firmware/efi/efivars";

/**
 * Asks for a factory reset at the next start.
 *
 * @throws where the firmware cannot be told
 */
export function requestFactoryReset(variables = EFI_VARIABLES): void {
  const path = join(variables, VARIABLE);
  const content = variableContent("yes");
  try {
    Deno.writeFileSync(path, content);
  } catch (error) {
    // A variable that is there is immutable to the file system; it asks for the same.
    if (isAsked(variables)) return;
    throw new Error(
      `the firmware cannot be told (${
        (error as Error).message
      }); hold Space when the box starts and ` +
        "choose Factory reset in the menu",
      { cause: error },
    );
  }
}

/** Whether a reset is asked for already. */
export function isAsked(variables = EFI_VARIABLES): boolean {
  try {
    const bytes = Deno.readFileSync(join(variables, VARIABLE));
    return new TextDecoder("utf-16le").decode(bytes.subarray(4)).startsWith("yes");
  } catch {
    return false;
  }
}

/** Attributes, then the text in UTF-16 with an end. */
function variableContent(text: string): Uint8Array {
  const bytes = new Uint8Array(4 + 2 * (text.length + 1));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, ATTRIBUTES, true);
  for (let i = 0; i < text.length; i++) view.setUint16(4 + 2 * i, text.charCodeAt(i), true);
  return bytes;
}
