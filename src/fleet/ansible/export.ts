import { stringify } from "yaml";
import type { Endpoint, Inventory } from "../inventory.ts";

/** The inventory in Ansible's YAML form: tags as groups, jumps as ProxyJump. */
export function exportAnsible(inventory: Inventory): string {
  const tags = [...new Set(inventory.hosts.flatMap((host) => host.tags))];
  return stringify({
    all: {
      hosts: Object.fromEntries(inventory.hosts.map((host) => [host.name, {
        ansible_host: host.address,
        ...(host.port === undefined ? {} : { ansible_port: host.port }),
        ...(host.user === undefined ? {} : { ansible_user: host.user }),
        ...(host.identity === undefined ? {} : { ansible_ssh_private_key_file: host.identity }),
        ...(host.jump === undefined
          ? {}
          : { ansible_ssh_common_args: `-o ProxyJump=${jumpList(inventory, host.jump)}` }),
        ...host.variables,
      }])),
      ...(tags.length === 0 ? {} : {
        children: Object.fromEntries(tags.map((tag) => [tag, {
          hosts: Object.fromEntries(
            inventory.hosts.filter((host) => host.tags.includes(tag)).map((
              { name },
            ) => [name, null]),
          ),
        }])),
      }),
    },
  }, { nullStr: "", lineWidth: 0 });
}

/** All jumps on the way, the first one first, as ssh's -J takes them. */
function jumpList({ jumps }: Inventory, name: string): string {
  const way: Endpoint[] = [];
  for (let next: string | undefined = name; next !== undefined;) {
    const jump: Endpoint = jumps.find((candidate) => candidate.name === next)!;
    way.unshift(jump);
    next = jump.jump;
  }
  return way.map(({ user, address, port }) =>
    `${user === undefined ? "" : `${user}@`}${address}${port === undefined ? "" : `:${port}`}`
  ).join(",");
}
