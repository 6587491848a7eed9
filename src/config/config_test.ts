import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { ConfigError, configKeys, type ConfigSources, loadConfig } from "./config.ts";
import { defaultConfigToml, defaultDataDir } from "./config.ts";
import { tomlLines } from "./toml_lines.ts";

function load(text: string, sources: Partial<ConfigSources> = {}) {
  const file = Deno.makeTempFileSync({ suffix: ".toml" });
  try {
    Deno.writeTextFileSync(file, text);
    return loadConfig({ file, env: {}, flags: {}, ...sources });
  } catch (error) {
    if (error instanceof ConfigError) error.message = error.message.replaceAll(file, "FILE");
    throw error;
  } finally {
    Deno.removeSync(file);
  }
}

function problems(text: string, sources: Partial<ConfigSources> = {}): string[] {
  try {
    load(text, sources);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split("\n");
    throw error;
  }
  return [];
}

Deno.test("an empty file gives the defaults", () => {
  const config = load("", { env: { HOME: "/home/ada" } });
  assert.equal(config.http.port, 8080);
  assert.equal(config.https.port, 8443);
  assert.equal(config.library.first_import, "deb:chromium-bsu");
  assert.deepEqual(config.session.max_mode, { width: 3840, height: 2160, fps: 120 });
  assert.equal(config.ice.udp_ports, undefined);
  assert.equal(config.ice.udp_port, undefined);
  assert.ok(config.node.name.length > 0);
});

Deno.test("the data directory follows the XDG rules, and /var/lib for root", () => {
  assert.equal(defaultDataDir({ HOME: "/home/ada" }, 1000), "/home/ada/.local/share/gamelan");
  assert.equal(defaultDataDir({ XDG_DATA_HOME: "/x" }, 1000), "/x/gamelan");
  assert.equal(
    defaultDataDir({ XDG_DATA_HOME: "not/absolute", HOME: "/h" }, 1000),
    "/h/.local/share/gamelan",
  );
  assert.equal(defaultDataDir({ HOME: "/root" }, 0), "/var/lib/gamelan");
});

Deno.test("flags override the environment, which overrides the file", () => {
  const text = '[http]\nport = 1\nhost = "127.0.0.1"\n[house]\nname = "File"';
  const config = load(text, {
    env: { GAMELAN_HTTP_PORT: "2", GAMELAN_HOUSE_NAME: "Env" },
    flags: { "http.port": 3 },
  });
  assert.equal(config.http.port, 3);
  assert.equal(config.http.host, "127.0.0.1");
  assert.equal(config.house.name, "Env");
});

Deno.test("every kind of value can be written in the environment", () => {
  const config = load("", {
    env: {
      GAMELAN_DATA_DIR: "/srv/gamelan",
      GAMELAN_HTTPS_ENABLED: "false",
      GAMELAN_HTTP_NAMES: "a.example, b.example",
      GAMELAN_ICE_UDP_PORTS: "47000-47099",
      GAMELAN_ICE_UDP_PORT: "47100",
      GAMELAN_ICE_SERVERS: '[{ urls = "stun:stun.example" }]',
      GAMELAN_SESSION_MAX_MODE: "1280x720@60",
      GAMELAN_HOUSE_NAME: "42",
      GAMELAN_LIBRARY_FIRST_IMPORT: "",
    },
    flags: { "sandbox.cpus": "1.5" },
  });
  assert.equal(config.data_dir, "/srv/gamelan");
  assert.equal(config.https.enabled, false);
  assert.deepEqual(config.http.names, ["a.example", "b.example"]);
  assert.deepEqual(config.ice.udp_ports, [47000, 47099]);
  assert.equal(config.ice.udp_port, 47100);
  assert.deepEqual(config.ice.servers, [{ urls: "stun:stun.example" }]);
  assert.deepEqual(config.session.max_mode, { width: 1280, height: 720, fps: 60 });
  assert.equal(config.house.name, "42");
  assert.equal(config.library.first_import, "");
  assert.equal(config.sandbox.cpus, 1.5);
});

Deno.test("all problems are named at once, with line and expected form", () => {
  const text = [
    "# a comment",
    'hous = "x"',
    "[http]",
    "port = 99999",
    "prot = 80",
    "[session]",
    'max_mode = "big"',
    "[nodes]",
    "name = 1",
  ].join("\n");
  assert.deepEqual(problems(text, { env: { GAMELAN_LOG_LEVEL: "loud", GAMELAN_HTTP_PROT: "1" } }), [
    "GAMELAN_HTTP_PROT: there is no such setting; did you mean GAMELAN_HTTP_PORT?",
    "FILE:4: http.port: expected a port number from 1 to 65535, or 0 for any free one, got 99999",
    "FILE:5: there is no setting http.prot; did you mean http.port?",
    "FILE:7: session.max_mode: expected WIDTHxHEIGHT@FPS of at most 3840x2160@120, such as " +
    '"1920x1080@60", got "big"',
    'GAMELAN_LOG_LEVEL: log.level: expected "debug", "info", "warn" or "error", got "loud"',
    "FILE:2: there is no setting hous; did you mean house?",
    "FILE:8: there is no setting nodes; did you mean node?",
  ]);
});

Deno.test("broken TOML is reported with its line", () => {
  const [problem] = problems("[http]\nport = = 3");
  assert.match(problem, /^FILE:2: /);
});

Deno.test("a file that was asked for must be there", () => {
  assert.throws(
    () => loadConfig({ file: "/nonexistent/gamelan.toml", env: {}, flags: {} }),
    /\/nonexistent\/gamelan\.toml: cannot read the configuration/,
  );
});

Deno.test("a certificate without its key is refused", () => {
  assert.deepEqual(problems('[tls]\ncert = "/a.pem"'), [
    "FILE:2: tls.cert is set without tls.key: expected both, or neither",
  ]);
});

Deno.test("a section that is no table is refused", () => {
  assert.deepEqual(problems("http = 3", { env: { GAMELAN_HTTP_PORT: "9" } }).length, 1);
});

Deno.test("secrets are not repeated in errors", () => {
  const [problem] = problems('[node]\ntoken = "short secret"');
  assert.match(problem, /node\.token: expected 16 to 200 characters/);
  assert.doesNotMatch(problem, /short secret/);
});

Deno.test("the example file documents every key, and its defaults are the defaults", () => {
  const text = defaultConfigToml();
  assert.deepEqual(load(text), load(""));
  const active = text.replaceAll(/^# ([a-z_]+ = )/gm, "$1");
  parse(active);
  const lines = tomlLines(active);
  for (const key of configKeys) assert.ok(lines.has(key.name), key.name);
  const config = load(active);
  const noPorts = { udp_port: undefined, udp_ports: undefined };
  assert.deepEqual({ ...config, ice: { ...config.ice, ...noPorts } }, {
    ...load(""),
    ice: { ...load("").ice, ...noPorts },
  });
});

Deno.test("key lines are found behind strings, arrays, comments and quoted keys", () => {
  const text = [
    'a = """', //
    "fake = 1",
    '"""',
    "list = [ # ] = ",
    '  "x = 3",',
    "]",
    "[t.'q u']  # [x]",
    "k.z = 'it''s'".replace("''", " "),
    "[[many]]",
    "v = 1",
  ].join("\n");
  const lines = tomlLines(text);
  assert.deepEqual([...lines], [
    ["a", 1],
    ["list", 4],
    ["t", 7],
    ["t.q u", 7],
    ["t.q u.k", 8],
    ["t.q u.k.z", 8],
    ["many", 9],
    ["many.v", 10],
  ]);
});

Deno.test("hostile files end in ConfigError and nothing else", () => {
  let seed = 11;
  const random = (n: number) =>
    (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff * n | 0;
  const example = defaultConfigToml().replaceAll(/^# ([a-z_]+ = )/gm, "$1");
  const bits = ["=", "[", "]", '"', "'", "{", "}", "\n", ".", "#", "é", "\u0000", "9", "-", '"""'];
  let refused = 0;
  for (let i = 0; i < 300; i++) {
    let text = example;
    for (let k = 0; k < 4; k++) {
      const at = random(text.length);
      text = text.slice(0, at) + bits[random(bits.length)] + text.slice(at + random(3));
    }
    try {
      load(text);
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 100);
});
