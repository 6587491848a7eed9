import { InventoryError, type Variables } from "./inventory.ts";

/**
 * Puts a host's variables in place of `{{ name }}`. `{{ host }}` is the host's name in the inventory.
 *
 * @param from  what the text is, for the message
 * @throws InventoryError where the host lacks a variable
 */
export function fillTemplate(
  text: string,
  host: { name: string; variables: Variables },
  from: string,
): string {
  return text.replaceAll(/\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g, (_, name: string) => {
    const value = name === "host" ? host.name : host.variables[name];
    if (value !== undefined) return String(value);
    const known = ["host", ...Object.keys(host.variables)].join(", ");
    throw new InventoryError(
      `${from} needs the variable "${name}", which ${host.name} lacks; it has: ${known}`,
    );
  });
}
