import assert from "node:assert/strict";
import { join } from "node:path";
import { type NvidiaSystem, probeNvidia } from "./nvidia.ts";

/** A machine with these PCI devices: `vendor class driver`. */
async function machine(
  devices: string[],
  { libraries = true, ask = () => ({ cuda: 12040, init: 0, nvenc: 0xc2 }) }: {
    libraries?: boolean;
    ask?: NvidiaSystem["ask"];
  } = {},
) {
  const pci = await Deno.makeTempDir({ prefix: "gamelan-pci-" });
  for (const [index, device] of devices.entries()) {
    const [vendor, class_, driver] = device.split(" ");
    const folder = join(pci, `0000:0${index}:00.0`);
    await Deno.mkdir(folder);
    await Deno.writeTextFile(join(folder, "vendor"), `${vendor}\n`);
    await Deno.writeTextFile(join(folder, "class"), `${class_}\n`);
    if (driver) await Deno.symlink(`../../../bus/pci/drivers/${driver}`, join(folder, "driver"));
  }
  const library = libraries ? pci : join(pci, "missing");
  try {
    return await probeNvidia({ pci, library, ask });
  } finally {
    await Deno.remove(pci, { recursive: true });
  }
}

Deno.test("a machine without NVIDIA's GPUs and driver has no such row", async () => {
  assert.deepEqual(await machine(["0x8086 0x030000 i915"], { libraries: false }), []);
  // The sound of an NVIDIA GPU is no GPU.
  assert.deepEqual(await machine(["0x10de 0x040300 snd_hda_intel"], { libraries: false }), []);
});

Deno.test("a GPU with its driver is named with what the libraries speak", async () => {
  const [row] = await machine(["0x8086 0x030000 i915", "0x10de 0x030000 nvidia"]);
  assert.equal(row.status, "ok");
  assert.match(row.evidence, /CUDA 12\.4 and NVENC 12\.2 are there, for the GPU at 0000:01:00\.0/);
});

Deno.test("what keeps a GPU from being used is said, with what to do", async () => {
  const cases: [Parameters<typeof machine>, RegExp, RegExp][] = [
    [[["0x10de 0x030200"]], /0000:00:00\.0 has no kernel driver/, /extension nvidia/],
    [[["0x10de 0x030000 nouveau"]], /has the driver nouveau/, /extension nvidia/],
    [[["0x10de 0x030000 nvidia"], { libraries: false }], /libraries are missing/, /extension/],
    [[[]], /no NVIDIA GPU is in this machine/, /may be removed/],
    [
      [["0x10de 0x030000 nvidia"], { ask: () => ({ cuda: 12040, init: 999, nvenc: 0xc2 }) }],
      /does not reach the GPU \(cuInit answers 999\)/,
      /NVRM/,
    ],
    [
      [["0x10de 0x030000 nvidia"], {
        ask: () => {
          throw new Error("libnvidia-encode.so.1: cannot open");
        },
      }],
      /cannot be used: libnvidia-encode/,
      /extension/,
    ],
  ];
  for (const [args, evidence, fix] of cases) {
    const [row] = await machine(...args);
    assert.equal(row.status, "warning");
    assert.match(row.evidence, evidence);
    assert.match(row.fix!, fix);
  }
});
