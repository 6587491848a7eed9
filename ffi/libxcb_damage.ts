/**
 * libxcb-damage: DAMAGE, notice of what was drawn.
 *
 * Signatures only, as in xcb/damage.h. Requests return their sequence number; replies are fetched
 * with xcb_wait_for_reply of libxcb.
 */

const symbols = {
  xcb_damage_query_version: { parameters: ["pointer", "u32", "u32"], result: "u32" },
  // connection, damage, drawable, report level
  xcb_damage_create: { parameters: ["pointer", "u32", "u32", "u8"], result: "u32" },
  // connection, damage, repair region, parts region
  xcb_damage_subtract: { parameters: ["pointer", "u32", "u32", "u32"], result: "u32" },
} as const;

/** The functions of libxcb-damage. */
export type LibxcbDamage = Deno.DynamicLibrary<typeof symbols>["symbols"];

let opened: LibxcbDamage | undefined;

/** Opens libxcb-damage once a thread. Throws with the package to install where it is missing. */
export function libxcbDamage(): LibxcbDamage {
  if (opened) return opened;
  try {
    return opened = Deno.dlopen("libxcb-damage.so.0", symbols).symbols;
  } catch (cause) {
    throw new Error(
      "libxcb-damage.so.0 cannot be opened; install Debian's package libxcb-damage0",
      {
        cause,
      },
    );
  }
}

/** xcb_damage_report_level_t: an event each time the bounding box of the damage grows. */
export const REPORT_BOUNDING_BOX = 2;
