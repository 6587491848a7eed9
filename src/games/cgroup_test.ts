import assert from "node:assert/strict";
import { parseHierarchies, unitOf } from "./cgroup.ts";

Deno.test("groups are found on a system with version 2", () => {
  const mounts = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
  assert.deepEqual(parseHierarchies(mounts, "0::/system.slice/gamelan.service\n"), [
    { version: 2, controllers: [], folder: "/sys/fs/cgroup/system.slice/gamelan.service" },
  ]);
});

Deno.test("groups are found on a system with both versions", () => {
  const mounts = [
    "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct",
    "32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory",
    "33 30 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
    "34 30 8:1 / /home rw - ext4 /dev/sda1 rw",
  ].join("\n");
  const groups = "3:cpu,cpuacct:/a\n2:memory:/b/c\n1:name=systemd:/x\n0::/";
  assert.deepEqual(parseHierarchies(mounts, groups), [
    { version: 1, controllers: ["cpu", "cpuacct"], folder: "/sys/fs/cgroup/cpu,cpuacct/a" },
    { version: 1, controllers: ["memory"], folder: "/sys/fs/cgroup/memory/b/c" },
    { version: 2, controllers: [], folder: "/sys/fs/cgroup/unified" },
  ]);
});

Deno.test("in a container the group lies below the mount's own root", () => {
  const mounts = "32 30 0:28 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory";
  assert.deepEqual(parseHierarchies(mounts, "2:memory:/docker/abc/game"), [
    { version: 1, controllers: ["memory"], folder: "/sys/fs/cgroup/memory/game" },
  ]);
  assert.deepEqual(parseHierarchies(mounts, "2:memory:/other"), []);
  assert.deepEqual(parseHierarchies("", ""), []);
});

Deno.test("a group that is a unit of systemd is told from others", () => {
  const root = "/sys/fs/cgroup";
  assert.deepEqual(unitOf(`${root}/system.slice/ssh.service`), {
    name: "ssh.service",
    manager: [],
  });
  const login = `${root}/user.slice/user-1000.slice`;
  assert.deepEqual(unitOf(`${login}/session-3.scope`), { name: "session-3.scope", manager: [] });
  const terminal = `${login}/user@1000.service/app.slice/vte-spawn-1.scope`;
  assert.deepEqual(unitOf(terminal), { name: "vte-spawn-1.scope", manager: ["--user"] });
  for (
    const other of [root, `${root}/gamelan.slice/gamelan.service/gamelan-supervisor`, ".scope"]
  ) {
    assert.equal(unitOf(other), undefined, other);
  }
});
